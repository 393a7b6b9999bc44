//! The name of a plug in the printed table: its type, without the arguments, which may be long, or secret.

use syn::{Expr, Path, Type};

/// Names the plug that an expression makes.
///
/// It is the type that the expression names, `RateLimit` for `RateLimit::per_source(50).burst(100)`. For a
/// function that makes the plug it is the function's name with the types that its arguments name,
/// `layer(ConcurrencyLimitLayer)`. It is `_` for what has no name.
pub(super) fn of(plug: &Expr) -> String {
    match plug {
        Expr::Path(path) => match path.qself.as_ref().map(|qself| &*qself.ty) {
            Some(Type::Path(of)) => of_path(&of.path),
            _ => of_path(&path.path),
        },
        Expr::Call(call) => {
            let name = of(&call.func);
            let types: Vec<String> = call.args.iter().map(of).filter(|name| is_type(name)).collect();
            if is_type(&name) || types.is_empty() {
                name
            } else {
                format!("{name}({})", types.join(", "))
            }
        }
        Expr::Struct(literal) => of_path(&literal.path),
        Expr::Macro(call) => format!("{}!", of_path(&call.mac.path)),
        Expr::MethodCall(call) => of(&call.receiver),
        Expr::Group(inner) => of(&inner.expr),
        Expr::Paren(inner) => of(&inner.expr),
        Expr::Reference(inner) => of(&inner.expr),
        _ => "_".to_owned(),
    }
}

/// Returns the last segment that is the name of a type, or the last of all.
fn of_path(path: &Path) -> String {
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let named = names.iter().rev().find(|name| is_type(name)).or(names.last());
    named.cloned().unwrap_or_default()
}

/// Tells a type from a function: types are capitalized.
fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn a_plug_is_called_by_its_type() {
        let plugs: [(Expr, &str); 9] = [
            (parse_quote!(RequireTls), "RequireTls"),
            (parse_quote!(spigot::plug::Trace::new()), "Trace"),
            (parse_quote!(RateLimit::per_source(50).burst(100)), "RateLimit"),
            (parse_quote!(Cache::<u8>::default()), "Cache"),
            (parse_quote!(<Cache as Default>::default()), "Cache"),
            (parse_quote!(Signed { by: "Pbx" }), "Signed"),
            (parse_quote!((Signed("Pbx"))), "Signed"),
            (parse_quote!(&LIMIT), "LIMIT"),
            (parse_quote!(limits::BODY), "BODY"),
        ];
        for (plug, name) in plugs {
            assert_eq!(of(&plug), name);
        }
    }

    #[test]
    fn a_function_is_called_by_its_name_and_the_types_it_is_given() {
        assert_eq!(of(&parse_quote!(digest("secret"))), "digest");
        assert_eq!(
            of(&parse_quote!(plug::layer(TimeoutLayer::new(second)))),
            "layer(TimeoutLayer)"
        );
        assert_eq!(of(&parse_quote!(limits!(4))), "limits!");
        assert_eq!(of(&parse_quote!({ 4 })), "_");
    }
}
