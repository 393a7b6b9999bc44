//! `#[spigot::test]`: an async test on virtual time.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemFn, LitInt, Path, ReturnType, Token, Type, parse_quote};

/// The options in the attribute's parentheses.
#[derive(Default)]
struct Options {
    real_time: bool,
    seed: Option<LitInt>,
    krate: Option<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Options::default();
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                options.krate = Some(input.parse()?);
            } else {
                let name: Ident = input.parse()?;
                match name.to_string().as_str() {
                    "real_time" => options.real_time = true,
                    "seed" => {
                        input.parse::<Token![=]>()?;
                        options.seed = Some(input.parse()?);
                    }
                    other => {
                        let text = format!(
                            "`{other}` is no option of `#[spigot::test]`: expected `real_time`, `seed = 42` or `crate = path`"
                        );
                        return Err(Error::new(name.span(), text));
                    }
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// Writes the test function that runs the async one, or the function as it came beside what is wrong with it.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    match try_expand(options, item.clone()) {
        Ok(expanded) => expanded,
        Err(error) => {
            let error = error.into_compile_error();
            quote! { #item #error }
        }
    }
}

fn try_expand(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options: Options = syn::parse2(options)?;
    let mut test: ItemFn = syn::parse2(item)?;
    let Some(_) = test.sig.asyncness.take() else {
        let text = "a `#[spigot::test]` is an `async fn`: what it awaits runs on virtual time";
        return Err(Error::new_spanned(test.sig.fn_token, text));
    };
    if let Some(argument) = test.sig.inputs.first() {
        return Err(Error::new_spanned(argument, "a test takes no arguments"));
    }
    let krate = options
        .krate
        .map_or_else(|| quote!(::spigot), |path| path.into_token_stream());
    let clock = if options.real_time {
        quote!(Real)
    } else {
        quote!(Virtual)
    };
    let seed = match options.seed {
        Some(seed) => quote!(::core::option::Option::Some(#seed)),
        None => quote!(::core::option::Option::None),
    };
    let name = test.sig.ident.to_string();
    let ItemFn {
        attrs,
        vis,
        mut sig,
        block,
        ..
    } = test;
    let ident = sig.ident.clone();
    // One that may fail by what it returns is told of as one that panics. What it returns is checked where it
    // stands.
    let body = match returned(&sig.output) {
        Some(value) => {
            sig.output = parse_quote!(-> ::std::process::ExitCode);
            quote! {
                async fn #ident() -> #value #block
                #krate::testing::run_reported(#name, #krate::testing::Clock::#clock, #seed, #ident())
            }
        }
        None => quote! {
            #krate::testing::run(#name, #krate::testing::Clock::#clock, #seed, async move #block)
        },
    };
    Ok(quote! {
        #[::core::prelude::v1::test]
        #(#attrs)*
        #vis #sig {
            #body
        }
    })
}

/// Returns the type of a test's result, if it has one that can be named.
fn returned(output: &ReturnType) -> Option<Type> {
    match output {
        ReturnType::Type(_, value) => match &**value {
            Type::Tuple(unit) if unit.elems.is_empty() => None,
            Type::Never(_) | Type::ImplTrait(_) => None,
            value => Some(value.clone()),
        },
        ReturnType::Default => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(options: TokenStream, item: TokenStream) -> String {
        expand(options, item).to_string()
    }

    #[test]
    fn an_async_test_runs_on_virtual_time() {
        let code = expanded(
            quote!(seed = 7),
            quote!(
                async fn rings() {
                    1;
                }
            ),
        );
        assert!(code.contains(":: spigot :: testing :: run (\"rings\""), "{code}");
        assert!(
            code.contains("Clock :: Virtual") && code.contains("Some (7)"),
            "{code}"
        );
    }

    #[test]
    fn mistakes_keep_the_function_and_say_what_is_wrong() {
        let code = expanded(
            quote!(),
            quote!(
                fn rings() {}
            ),
        );
        assert!(
            code.contains("fn rings") && code.contains("is an `async fn`"),
            "{code}"
        );
        let code = expanded(
            quote!(real),
            quote!(
                async fn rings() {}
            ),
        );
        assert!(code.contains("`real` is no option"), "{code}");
        let code = expanded(
            quote!(),
            quote!(
                async fn rings(a: u8) {}
            ),
        );
        assert!(code.contains("takes no arguments"), "{code}");
    }
}
