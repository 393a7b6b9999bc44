//! One route attribute: `#[invite("sip:{room}@conference.*", in_dialog)]`.

use proc_macro2::Ident;
use spigot_parser::Pattern;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Meta};

use super::errors::Errors;
use super::requests::Takes;
use super::route_options::RouteOptions;

pub(super) struct RouteAttribute {
    /// The attribute's name, where an error about the whole route is shown.
    pub(super) name: Ident,
    pub(super) takes: Takes,
    pub(super) pattern: Option<(LitStr, Pattern)>,
    pub(super) in_dialog: bool,
    pub(super) event: Option<LitStr>,
    pub(super) package: Option<LitStr>,
    pub(super) content_type: Option<LitStr>,
    /// Whether all that was written is here: nothing was left out because it was wrong.
    pub(super) is_whole: bool,
}

impl RouteAttribute {
    /// Says whether all requests of the route are inside dialogs. Those of a `#[fallback]` may be inside or
    /// outside.
    pub(super) fn is_inside_dialogs(&self) -> bool {
        self.in_dialog || self.takes.is_dialog_only()
    }

    /// Reads an attribute whose name is a route's. `None` when it does not even say which requests it takes;
    /// other faults leave their option out.
    pub(super) fn parse(attribute: &Attribute, errors: &mut Errors) -> Option<RouteAttribute> {
        let name = attribute.path().get_ident()?.clone();
        let errors_before = errors.len();
        let takes = Takes::named(&name.to_string());
        let mut options = RouteOptions::new(takes.is_none());
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(list) => {
                let read = |input: ParseStream<'_>| options.parse(input, &name, errors);
                if let Err(error) = list.parse_args_with(read) {
                    errors.append(error);
                }
            }
            Meta::NameValue(pair) if takes.is_none() => {
                errors.push(
                    pair.eq_token.span(),
                    format!("the name of a method stands in parentheses: `#[{name}(\"NAME\")]`"),
                );
                return None;
            }
            Meta::NameValue(pair) => errors.push(
                pair.eq_token.span(),
                format!("options stand in parentheses: `#[{name}(...)]`"),
            ),
        }
        let takes = match takes {
            Some(takes) => takes,
            None => Takes::Method(options.method_name(&name, errors)?),
        };
        options.check_for(&takes, errors);
        Some(RouteAttribute {
            name,
            takes,
            pattern: options.pattern,
            in_dialog: options.in_dialog,
            event: options.event,
            package: options.package,
            content_type: options.content_type,
            is_whole: errors.len() == errors_before,
        })
    }
}
