//! What `#[sip_router]` writes: the table of routes, and for each the few lines that call its handler.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::Route;
use super::attribute::{RouteAttribute, Takes};
use super::block::Block;
use super::handler::{Argument, Capture, Handler, capture_in};
use super::options::Options;

pub(super) fn write(block: &Block, routes: &[Route], options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let (generics, _, where_clause) = block.generics.split_for_impl();
    let self_type = &block.self_type;
    let cfgs: Vec<_> = block
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect();
    let entries = routes.iter().map(|route| entry(route, options));
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #generics #private::Agent for #self_type #where_clause {
            const ROUTES: #private::Routes<Self> = #private::Routes { table: &[#(#entries),*] };
        }

        #(#cfgs)*
        #[automatically_derived]
        #[allow(dead_code)]
        impl #generics #self_type #where_clause {
            /// The routes of this agent, in the order in which they were written. It prints as a table.
            pub const ROUTES: #private::Routes<Self> = <Self as #private::Agent>::ROUTES;
        }
    }
}

fn entry(route: &Route, options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let RouteAttribute {
        takes,
        pattern,
        in_dialog,
        event,
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
    let content_type = content_type.iter().map(|text| quote!(.content_type(#text)));
    let name = route.handler.name.to_string();
    let cfgs = &route.handler.cfgs;
    let glue = glue(&route.attribute, &route.handler, options);
    quote! {
        #(#cfgs)*
        #private::Route::new(#takes, #name, #glue) #(#pattern)* #in_dialog #(#event)* #(#content_type)*
    }
}

/// Reads the captures, and then makes the one future of the request: it reads the other arguments, calls the
/// handler and turns what it returns into a reply. Each step stands at the span of what it is about.
fn glue(route: &RouteAttribute, handler: &Handler, options: &Options) -> TokenStream {
    let private = options.private(Span::call_site());
    let marker = route.marker();
    let marker = quote!(#private::method::#marker);

    // Variables are looked up where the attribute stands, also where what is beside them comes from elsewhere: the
    // block may be written by a macro of the user's, which sees other names.
    let [agent, request] = [format_ident!("agent"), format_ident!("request")];
    let mut captures = Vec::new();
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
            Argument::Extractor(written) => {
                let here = options.private(written.span());
                // An ACK or a CANCEL has no answer, not even that.
                let refusal = if route.is_answered() {
                    quote_spanned!(written.span()=> rejection)
                } else {
                    quote_spanned!(written.span()=> #here::unanswered(rejection))
                };
                extractions.push(quote_spanned! {written.span()=>
                    let #name: #written = match #here::extract::<_, Self, #marker>(&#request, &*#agent).await {
                        #here::Result::Ok(argument) => argument,
                        #here::Result::Err(rejection) => return #refusal,
                    };
                });
            }
        }
        names.push(name);
    }

    let handler_name = &handler.name;
    let call = quote!(Self::#handler_name(&*#agent, #(#names),*).await);
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
    // A name that is not used says so, lest the user is warned of what is not theirs.
    let request_or_not = if extractions.is_empty() {
        quote!(_)
    } else {
        quote!(#request)
    };
    let captured_or_not = if captures.is_empty() {
        quote!(_)
    } else {
        quote!(captured)
    };
    let future = quote_spanned!(place=> #here::future(async move { #(#extractions)* #reply }));
    quote! {
        |#agent: #private::Arc<Self>, #request_or_not: #private::Request, #captured_or_not: #private::Captured<'_>|
            -> #private::Option<#private::HandlerFuture>
        {
            #(#captures)*
            #private::Option::Some(#future)
        }
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
