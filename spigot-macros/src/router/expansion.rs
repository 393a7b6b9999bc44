//! The code that `#[sip_router]` writes: the table of routes, and for each the few lines that call its
//! handler.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Index, Type, WhereClause, parse_quote};

use super::Route;
use super::attribute::RouteAttribute;
use super::block::Block;
use super::handler::{Argument, Capture, capture_in};
use super::options::Options;
use super::plug_name;
use super::plugs::{PlugMethod, find_self};
use super::requests::Takes;

pub(super) fn write(block: &Block, routes: &[Route], plugs: &[PlugMethod], options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let (generics, ..) = block.generics.split_for_impl();
    let self_type = &block.self_type;
    let bounds = bounds(block, options);
    let cfgs: Vec<_> = block
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect();
    let entries = routes.iter().map(|route| entry(route, plugs, options));
    let handlers = handlers(routes, plugs, options);
    let domains = options
        .domains
        .as_ref()
        .map(|domains| domains_of(domains, options));
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #generics #private::Agent for #self_type #bounds {
            const ROUTES: #private::Routes = #private::Routes { table: &[#(#entries),*] };

            #handlers

            #domains
        }

        #(#cfgs)*
        #[automatically_derived]
        #[allow(dead_code)]
        impl #generics #self_type #bounds {
            /// The routes of this agent, in the order in which they were written. It prints as a table.
            pub const ROUTES: #private::Routes = #private::routes::<Self>();
        }
    }
}

/// Writes the function by which the agent says its domains.
fn domains_of(domains: &Expr, options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let here = options.private(domains.span());
    // It is the `self` of who wrote the expression, whatever else is called so where this stands.
    let agent = find_self(domains.to_token_stream()).unwrap_or_else(|| Ident::new("self", Span::call_site()));
    let listed = quote_spanned!(domains.span()=> #here::domains(&(#domains)));
    quote! {
        #[allow(unused_parens, clippy::needless_borrow, clippy::needless_borrows_for_generic_args)]
        fn domains(&#agent) -> #private::Option<#private::AgentDomains> {
            #private::Option::Some(#listed)
        }
    }
}

/// Writes what the block demands of its parameters. A generic type is an agent where it may be shared and
/// lives as long as its server, which the block need not say.
fn bounds(block: &Block, options: &Options) -> Option<WhereClause> {
    let private = options.private(Span::call_site());
    let mut clause = block.generics.where_clause.clone();
    if block.generics.type_params().next().is_some() {
        let bound = parse_quote!(Self: #private::Send + #private::Sync + 'static);
        let clause = clause.get_or_insert_with(|| parse_quote!(where));
        clause.predicates.push(bound);
    }
    clause
}

fn entry(route: &Route, plugs: &[PlugMethod], options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let RouteAttribute {
        takes,
        pattern,
        in_dialog,
        event,
        package,
        content_type,
        ..
    } = &route.attribute;
    let takes = match takes {
        Takes::Method(method) => quote!(#private::Takes::Method(#method)),
        Takes::Any => quote!(#private::Takes::Any),
        Takes::Fallback => quote!(#private::Takes::Fallback),
    };
    let pattern = pattern.iter().map(|(text, _)| quote!(.pattern(#text)));
    let in_dialog = in_dialog.then(|| quote!(.in_dialog()));
    let event = event.iter().map(|text| quote!(.event(#text)));
    let package = package.iter().map(|text| quote!(.package(#text)));
    let content_type = content_type.iter().map(|text| quote!(.content_type(#text)));
    let name = route.handler.name.to_string();
    let plugs = names_of_plugs(route, plugs, options);
    let of_router = of_router(&route.attribute, options).len();
    let plugs = (!plugs.is_empty()).then(|| quote!(.through(&[#(#plugs),*], #of_router)));
    let cfgs = &route.handler.cfgs;
    quote! {
        #(#cfgs)*
        #private::Route::new(#takes, #name) #(#pattern)* #in_dialog #(#event)* #(#package)* #(#content_type)* #plugs
    }
}

/// Returns the plugs of the router, if requests of that route pass them.
fn of_router<'o>(route: &RouteAttribute, options: &'o Options) -> &'o [Expr] {
    if route.takes.is_answered() {
        &options.plugs
    } else {
        &[]
    }
}

/// Names the plugs that a route goes through, in their order.
fn names_of_plugs(route: &Route, plugs: &[PlugMethod], options: &Options) -> Vec<TokenStream> {
    let named = |plug: &Expr| plug_name::of(plug).into_token_stream();
    let of_router = of_router(&route.attribute, options).iter();
    let methods = plugs
        .iter()
        .filter(|plug| plug.is_on(&route.attribute))
        .map(|plug| {
            let (cfgs, name) = (&plug.cfgs, plug.name.to_string());
            quote!(#(#cfgs)* #name)
        });
    let own = route.through.iter().map(named);
    of_router.map(named).chain(methods).chain(own).collect()
}

/// Writes the function that makes the plugs of the router, and what is behind each route.
fn handlers(routes: &[Route], plugs: &[PlugMethod], options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let [agent, shared] = [format_ident!("agent"), format_ident!("shared")];
    let made = options.plugs.iter().map(|plug| {
        let here = options.private(plug.span());
        quote_spanned!(plug.span()=> #here::router_plug(#plug))
    });
    let of_routes = routes.iter().map(|route| {
        let cfgs = &route.handler.cfgs;
        let glue = glue(route, plugs, options);
        quote!(#(#cfgs)* #glue)
    });
    let router_plugs = if options.plugs.is_empty() {
        quote!(#private::Option::None)
    } else {
        let [request, reply] = [format_ident!("request"), format_ident!("reply")];
        let indices = (0..options.plugs.len()).map(Index::from);
        let inner = options
            .plugs
            .iter()
            .enumerate()
            .rev()
            .fold(quote!({ let _ = #request; #reply }), |inner, (index, plug)| {
                router_step(index, plug, &inner, options)
            });
        quote! {{
            let #shared = #private::share(&#shared);
            let in_dialog = [#(#shared.1.#indices.in_dialog()),*];
            #private::router_plugs(in_dialog, move |#request: #private::Request, #reply: #private::Reply| {
                let #shared = #private::share(&#shared);
                #private::future(async move { #inner })
            })
        }}
    };
    quote! {
        #[allow(unused_variables, clippy::let_unit_value)]
        fn handlers(#agent: #private::Arc<Self>) -> #private::Handlers
        where
            for<'a> &'a Self: #private::Send,
        {
            // What all routes share: the agent, and the plugs of the router.
            let #shared = #private::Arc::new((#private::shared(#agent), (#(#made,)*)));
            let router_plugs: #private::Option<#private::RouterPlugs> = #router_plugs;
            #private::Handlers::new([#(#of_routes),*], router_plugs)
        }
    }
}

/// Puts `inner`, which takes `request`, behind a plug, which is called by `call` with `request` and `next`.
fn step(call: &TokenStream, inner: &TokenStream, options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let [request, next, next_request] =
        ["request", "next", "next_request"].map(|name| format_ident!("{name}"));
    quote! {{
        let #next_request = #private::NextRequest::new();
        let rest = #private::pin!(async {
            match #next_request.take() {
                #private::Option::Some(#request) => #inner,
                #private::Option::None => #private::lost(),
            }
        });
        let #next = #private::Next::new(&#next_request, rest);
        #call
    }}
}

/// Names a variable of the expansion that is shown where the plug is written.
fn at(plug: &Expr, name: &str) -> Ident {
    Ident::new(name, Span::call_site().located_at(plug.span()))
}

/// Gives all tokens of a type the place where the type begins: what is wrong with the type here and there in
/// the expansion is then one error.
fn shown_at(written: TokenStream, span: Span) -> TokenStream {
    let shown = written.into_iter().map(|token| {
        let mut token = match token {
            TokenTree::Group(group) => Group::new(group.delimiter(), shown_at(group.stream(), span)).into(),
            token => token,
        };
        token.set_span(token.span().located_at(span));
        token
    });
    shown.collect()
}

/// Writes the call of the plug that is kept at `place` by a function of the library.
///
/// The call and its first argument are shown at the same place, the plug, so that a type which is none is one
/// error.
fn called(by: &str, plug: &Expr, place: &TokenStream, options: &Options) -> TokenStream {
    let here = options.private(plug.span());
    let [request, next] = [at(plug, "request"), at(plug, "next")];
    let kept = Ident::new("plug", plug.span());
    let by = Ident::new(by, plug.span());
    let call = quote_spanned!(plug.span()=> #here::#by(#kept, #request, #next).await);
    quote!({
        let #kept = &#place;
        #call
    })
}

/// Puts `inner` behind a plug of the router.
fn router_step(index: usize, plug: &Expr, inner: &TokenStream, options: &Options) -> TokenStream {
    let (shared, index) = (format_ident!("shared"), Index::from(index));
    step(
        &called("call_router_plug", plug, &quote!(#shared.1.#index), options),
        inner,
        options,
    )
}

/// Writes what reads the captures and makes the one future of the request.
///
/// The future reads the other arguments, calls the handler and turns what it returns into a reply. Each step
/// stands at the span of what it is about.
fn glue(of: &Route, plugs: &[PlugMethod], options: &Options) -> TokenStream {
    let (route, handler) = (&of.attribute, &of.handler);
    let private = options.private(Span::call_site());
    let marker = route.takes.marker();
    let marker = quote!(#private::method::#marker);

    // Variables are looked up where the attribute stands, also where what is beside them comes from
    // elsewhere: the block may be written by a macro of the user's, which sees other names.
    let [agent, request] = [format_ident!("agent"), format_ident!("request")];
    let mut captures = Vec::new();
    let mut needs = Vec::new();
    let mut extractions = Vec::new();
    let mut names = Vec::new();
    for (index, argument) in handler.arguments.iter().enumerate() {
        let name = format_ident!("argument_{index}");
        match argument {
            Argument::Path {
                written,
                is_tuple,
                captures: taken,
            } => {
                let values = taken.iter().map(|capture| captured(route, capture, options));
                let value = if *is_tuple {
                    quote!((#(#values,)*))
                } else {
                    quote!(#(#values)*)
                };
                captures.push(quote!(let #name: #written = #private::Path(#value);));
            }
            Argument::Extractor { written, .. } => {
                let here = options.private(written.span());
                // An ACK or a CANCEL has no answer, not even that.
                let refusal = if route.takes.is_answered() {
                    quote_spanned!(written.span()=> rejection)
                } else {
                    quote_spanned!(written.span()=> #here::unanswered(rejection))
                };
                let there = shown_at(written.to_token_stream(), written.span());
                needs.push(quote_spanned!(written.span()=> #here::needs::<#there, Self, #marker>()));
                extractions.push(quote_spanned! {written.span()=>
                    let #name: #written = match #here::extract::<_, Self, #marker>(&#request, #agent).await {
                        #here::Result::Ok(argument) => argument,
                        #here::Result::Err(rejection) => return #refusal,
                    };
                });
            }
        }
        names.push(name);
    }

    let handler_name = &handler.name;
    let call = quote!(Self::#handler_name(#agent, #(#names),*).await);
    let reply = match &handler.output {
        // `impl Trait` cannot be named again, and `()` need not be.
        Some(Type::ImplTrait(output)) => {
            let here = options.private(output.span());
            quote_spanned!(output.span()=> #here::reply::<_, #marker>(#call))
        }
        Some(output) => {
            let here = options.private(output.span());
            quote_spanned!(output.span()=> #here::reply::<#output, #marker>(#call))
        }
        None => quote!(#private::reply::<(), #marker>(#call)),
    };
    let place = match &handler.async_token {
        Some(token) => token.span(),
        None => handler_name.span(),
    };
    let here = options.private(place);
    let [shared, own] = [format_ident!("shared"), format_ident!("own")];
    let mut future = quote!({ #(#extractions)* #reply });
    for (index, plug) in of.through.iter().enumerate().rev() {
        let index = Index::from(index);
        future = step(
            &called("call_plug", plug, &quote!(#own.#index), options),
            &future,
            options,
        );
    }
    for plug in plugs.iter().rev().filter(|plug| plug.is_on(route)) {
        let name = &plug.name;
        let cfgs: Vec<TokenStream> = plug
            .cfgs
            .iter()
            .filter_map(|cfg| Some(cfg.meta.require_list().ok()?.tokens.clone()))
            .collect();
        let [to_request, to_next] = plug.type_spans.map(|span| Span::call_site().located_at(span));
        let [request, next] = [Ident::new("request", to_request), Ident::new("next", to_next)];
        let here = options.private(name.span());
        let call = quote_spanned!(name.span()=> {
            let reply: #here::Reply = Self::#name(#agent, #request, #next).await;
            reply
        });
        // Of all that are answered, this alone takes requests inside and outside of dialogs.
        let call = if route.takes == Takes::Fallback && !plug.options.in_dialog {
            let [request, next] = [format_ident!("request"), format_ident!("next")];
            quote!(if #request.in_dialog() { #next.run(#request).await } else { #call })
        } else {
            call
        };
        let through = step(&call, &future, options);
        future = if cfgs.is_empty() {
            through
        } else {
            // Where the plug is not compiled, the rest goes without it.
            quote!({
                #[cfg(all(#(#cfgs),*))]
                let reply = #through;
                #[cfg(not(all(#(#cfgs),*)))]
                let reply = #future;
                reply
            })
        };
    }
    for (index, plug) in of_router(route, options).iter().enumerate().rev() {
        future = router_step(index, plug, &future, options);
    }
    let has_plugs = !of.through.is_empty()
        || !of_router(route, options).is_empty()
        || plugs.iter().any(|plug| plug.is_on(route));
    // A name that is not used says so, lest the user is warned of what is not theirs.
    let handed_on = format_ident!("handed_on");
    let is_asked = !extractions.is_empty() || has_plugs;
    let [request_or_not, handed_on_or_not] = if is_asked {
        [quote!(mut #request), quote!(#handed_on)]
    } else {
        [quote!(_), quote!(_)]
    };
    let take_over = is_asked.then(|| quote!(#private::take_over(&mut #request, #handed_on);));
    let captured_or_not = if captures.is_empty() {
        quote!(_)
    } else {
        quote!(captured)
    };
    let made = &of.through;
    let through = (!made.is_empty()).then(|| quote!(let #own = #private::Arc::new((#(#made,)*));));
    let own_again = (!made.is_empty()).then(|| quote!(let #own = #private::share(&#own);));
    let future = quote_spanned!(place=> #here::future(async move {
        #take_over
        let #agent = &*#shared.0;
        #future
    }));
    quote! {
        #private::handler([#(#needs),*], {
            let #shared = #private::share(&#shared);
            #through
            move |#request_or_not: #private::Request, #captured_or_not: #private::Captured<'_>, #handed_on_or_not: #private::HandedOn| {
                #(#captures)*
                let #shared = #private::share(&#shared);
                #own_again
                #private::Option::Some(#future)
            }
        })
    }
}

fn captured(route: &RouteAttribute, capture: &Capture, options: &Options) -> TokenStream {
    let in_pattern: Vec<&str> = route
        .pattern
        .iter()
        .flat_map(|(_, pattern)| pattern.captures())
        .collect();
    let name = capture_in(&in_pattern, &capture.name).unwrap_or_default();
    let here = options.private(capture.name.span());
    let captured = format_ident!("captured");
    match &capture.into {
        Some(into) => quote_spanned!(capture.name.span()=> #here::capture::<#into>(#captured, #name)?),
        None => quote_spanned!(capture.name.span()=> #here::capture(#captured, #name)?),
    }
}
