//! The options in the parentheses of a route attribute.

use proc_macro2::{Ident, Span, TokenTree};
use spigot_parser::Pattern;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{LitStr, Token, token};

use super::errors::{Errors, nearest};
use super::requests::{METHODS, Takes};

const OPTIONS: [&str; 4] = ["in_dialog", "event", "package", "content_type"];
const LIST_OF_OPTIONS: &str =
    "a pattern in quotes, `in_dialog`, `event = \"...\"`, `package = \"...\"` and `content_type = \"...\"`";

#[derive(Default)]
pub(super) struct RouteOptions {
    /// Whether the first text is the name of a method and not a pattern.
    needs_method: bool,
    method: Option<LitStr>,
    /// Whether something else stands in the place of the method, which has been reported.
    method_is_wrong: bool,
    pattern_seen: bool,
    pub(super) pattern: Option<(LitStr, Pattern)>,
    pub(super) in_dialog: bool,
    pub(super) event: Option<LitStr>,
    pub(super) package: Option<LitStr>,
    pub(super) content_type: Option<LitStr>,
}

impl RouteOptions {
    /// Makes options that are not read yet. `needs_method` is for `#[method("NAME")]`, whose first text is no
    /// pattern.
    pub(super) fn new(needs_method: bool) -> RouteOptions {
        RouteOptions {
            needs_method,
            ..RouteOptions::default()
        }
    }

    pub(super) fn parse(
        &mut self,
        input: ParseStream<'_>,
        route: &Ident,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        while !input.is_empty() {
            if let Err(error) = self.option(input, route, errors) {
                errors.append(error);
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn option(&mut self, input: ParseStream<'_>, route: &Ident, errors: &mut Errors) -> syn::Result<()> {
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            if self.needs_method && self.method.is_none() {
                self.method = Some(text);
                return Ok(());
            }
            if route == "fallback" {
                return Err(no_options(text.span()));
            }
            if self.needs_method && is_token(&text.value()) {
                return Err(syn::Error::new(
                    text.span(),
                    "a route is for one method, and this is the second: give each a handler of its own",
                ));
            }
            return self.pattern(text);
        }
        let Ok(name) = input.call(Ident::parse_any) else {
            return Err(input.error(format!("expected an option: {LIST_OF_OPTIONS}")));
        };
        if self.needs_method && self.method.is_none() && !OPTIONS.contains(&name.to_string().as_str()) {
            self.method_is_wrong = true;
            return Err(syn::Error::new(
                name.span(),
                format!("the name of a method stands in quotes: `#[method(\"{name}\")]`"),
            ));
        }
        let takes_value = name != "in_dialog" && OPTIONS.contains(&name.to_string().as_str());
        if takes_value && (input.peek(Token![:]) || input.peek(token::Paren)) {
            return Err(syn::Error::new(
                name.span(),
                format!("the value of an option stands after `=`: `{name} = \"...\"`"),
            ));
        }
        if input.peek(Token![!]) || input.peek(Token![::]) || is_constant(&name) {
            return Err(syn::Error::new(
                name.span(),
                "a pattern stands in quotes, written out: constants and macros have no value yet when `#[sip_router]` reads it",
            ));
        }
        if input.peek(Token![:]) {
            return Err(syn::Error::new(
                name.span(),
                format!("a pattern stands in quotes: `#[{route}(\"{name}:...\")]`"),
            ));
        }
        if route == "fallback" {
            return Err(no_options(name.span()));
        }
        let mut written = name.to_string();
        // As the header is called.
        while input.parse::<Option<Token![-]>>()?.is_some() {
            written = format!("{written}-{}", input.call(Ident::parse_any)?);
        }
        match written.as_str() {
            "in_dialog" => {
                if std::mem::replace(&mut self.in_dialog, true) {
                    return Err(twice(&name));
                }
                if input.peek(Token![=]) || input.peek(token::Paren) {
                    return Err(input.error("`in_dialog` takes no value: it is there or it is not"));
                }
                Ok(())
            }
            "event" => set(
                &mut self.event,
                &name,
                input,
                errors,
                is_token,
                "an event package, such as \"presence\"",
            ),
            "package" => set(
                &mut self.package,
                &name,
                input,
                errors,
                is_token,
                "an INFO package, such as \"dtmf\"",
            ),
            "content_type" => set(
                &mut self.content_type,
                &name,
                input,
                errors,
                is_media_type,
                "a media type without parameters, such as \"application/sdp\"",
            ),
            unknown => {
                let hint = match nearest(unknown, OPTIONS) {
                    Some(name) => format!("did you mean `{name}`? Its"),
                    None => "its".to_owned(),
                };
                Err(syn::Error::new(
                    name.span(),
                    format!("a route has no option `{unknown}`: {hint} options are {LIST_OF_OPTIONS}"),
                ))
            }
        }
    }

    fn pattern(&mut self, text: LitStr) -> syn::Result<()> {
        if std::mem::replace(&mut self.pattern_seen, true) {
            return Err(syn::Error::new(
                text.span(),
                "a route has one pattern, and this is the second",
            ));
        }
        let written = text.value();
        match Pattern::parse(&written) {
            Ok(pattern) => {
                self.pattern = Some((text, pattern));
                Ok(())
            }
            Err(error) => {
                let place = match written.get(error.offset()..) {
                    Some("") | None => format!("the end of \"{written}\""),
                    Some(rest) => format!("\"{rest}\" (character {})", error.offset() + 1),
                };
                Err(syn::Error::new(
                    text.span(),
                    format!(
                        "this pattern cannot be read: expected {} at {place}",
                        error.expected()
                    ),
                ))
            }
        }
    }

    /// Reports conditions on headers that requests of the method do not have: they would match nothing, or
    /// everything.
    pub(super) fn check_for(&mut self, takes: &Takes, errors: &mut Errors) {
        let Takes::Method(method) = takes else { return };
        let is_known = METHODS.iter().any(|(_, known)| known == method);
        let has_event = ["SUBSCRIBE", "NOTIFY", "PUBLISH"].contains(&method.as_str()) || !is_known;
        if let Some(event) = self.event.take_if(|_| !has_event) {
            errors.push(
                event.span(),
                format!("{method} has no event package: `event` is for `subscribe`, `notify` and `publish`"),
            );
        }
        if let Some(package) = self.package.take_if(|_| method != "INFO") {
            errors.push(
                package.span(),
                format!("{method} has no INFO package: `package` is for `info`"),
            );
        }
    }

    pub(super) fn method_name(&self, name: &Ident, errors: &mut Errors) -> Option<String> {
        let Some(text) = &self.method else {
            if !self.method_is_wrong {
                errors.push(name.span(), "which method? Write its name: `#[method(\"NAME\")]`");
            }
            return None;
        };
        let method = text.value();
        if !is_token(&method) {
            errors.push(
                text.span(),
                format!("\"{method}\" is not a method: a method is a token, such as \"PAUSE\""),
            );
            return None;
        }
        let known = METHODS
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(&method) && *known != method);
        if let Some((attribute, known)) = known {
            errors.push(
                text.span(),
                format!("names of methods compare with case, and \"{method}\" is not {known}: write `#[{attribute}]`"),
            );
        }
        Some(method)
    }
}

/// Says whether it is the name of a constant, such as `PATTERN`.
fn is_constant(name: &Ident) -> bool {
    let name = name.to_string();
    name.starts_with(char::is_uppercase) && !name.contains(char::is_lowercase)
}

fn set(
    value: &mut Option<LitStr>,
    name: &Ident,
    input: ParseStream<'_>,
    errors: &mut Errors,
    is_good: fn(&str) -> bool,
    expected: &str,
) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(
            name.span(),
            format!("`{name}` needs a value: {expected}"),
        ));
    }
    input.parse::<Token![=]>()?;
    let Ok(text) = input.parse::<LitStr>() else {
        return Err(input.error(format!("`{name}` is {expected}, in quotes")));
    };
    if value.is_some() {
        return Err(twice(name));
    }
    if !is_good(&text.value()) {
        errors.push(text.span(), format!("`{name}` is {expected}"));
    }
    *value = Some(text);
    Ok(())
}

fn twice(name: &Ident) -> syn::Error {
    syn::Error::new(name.span(), format!("`{name}` is given twice"))
}

fn no_options(at: Span) -> syn::Error {
    syn::Error::new(
        at,
        "`#[fallback]` takes what no route takes, and so has no options",
    )
}

/// Says whether the text is a `token` of RFC 3261 §25.1.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&octet))
}

fn is_media_type(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}
