//! What a receiver has to understand of a body (RFC 5621 §8).

use super::Part;
use crate::ParseError;
use crate::header::ContentType;

impl Part {
    /// Returns the first body in this part that is required and whose type is not taken, if there is one.
    ///
    /// A message with such a body is answered 415. `takes` says which types the receiver takes. It is asked
    /// for the type of a multipart body, too, whose parts are looked at if it is not taken as a whole.
    ///
    /// > If the parameter has the value 'optional', the UAS ignores the message body; if the parameter has
    /// > the value 'required', the UAS returns a 415 (Unsupported Media Type) response. The default value
    /// > for the 'handling' parameter is 'required'.
    ///
    /// ([RFC 5621 §8.1](https://www.rfc-editor.org/rfc/rfc5621#section-8.1)) Of a `multipart/alternative`
    /// one part has to be taken. Multipart bodies of other types are as `multipart/mixed`, and all their
    /// required parts have to be.
    ///
    /// ```
    /// use spigot_parser::{Multipart, Part, header::ContentType};
    ///
    /// let sdp = Part::new("application/sdp", "v=0\r\n")?;
    /// let location = Part::new("application/pidf+xml", "<presence/>")?;
    /// let optional = location.clone().with_header("Content-Disposition", "by-reference;handling=optional")?;
    /// let body = |parts: [Part; 2]| {
    ///     let multipart = Multipart::new("multipart/mixed", parts)?;
    ///     Part::new(&multipart.content_type().to_string(), multipart.to_bytes())
    /// };
    /// let takes = |given: &ContentType| given.is("application", "sdp");
    /// assert_eq!(body([sdp.clone(), optional])?.unsupported(&takes)?, None);
    /// assert_eq!(body([sdp, location.clone()])?.unsupported(&takes)?, Some(location));
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with a part that is required.
    pub fn unsupported(&self, takes: &dyn Fn(&ContentType) -> bool) -> Result<Option<Part>, ParseError> {
        match self.unsupported_if_required(takes) {
            Ok(Some(_)) | Err(_) if !self.is_required() => Ok(None),
            found => found,
        }
    }

    /// Returns the first body that is not taken, as if this part were required.
    fn unsupported_if_required(
        &self,
        takes: &dyn Fn(&ContentType) -> bool,
    ) -> Result<Option<Part>, ParseError> {
        if takes(&self.content_type()?) {
            return Ok(None);
        }
        let Some(multipart) = self.multipart()? else {
            return Ok(Some(self.clone()));
        };
        if multipart.is_alternative() {
            let is_taken = |part: &Part| matches!(part.unsupported_if_required(takes), Ok(None));
            return Ok((!multipart.parts().iter().any(is_taken)).then(|| self.clone()));
        }
        let unsupported = |part: &Part| part.unsupported(takes).transpose();
        multipart.parts().iter().find_map(unsupported).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Multipart};

    fn part(content_type: &str) -> Part {
        Part::new(content_type, "x").unwrap()
    }

    fn optional(part: Part) -> Part {
        part.with_header("Content-Disposition", "render;handling=optional")
            .unwrap()
    }

    fn of(kind: &str, parts: Vec<Part>) -> Part {
        let multipart = Multipart::new(kind, parts).unwrap();
        Part::new(&multipart.content_type().to_string(), multipart.to_bytes()).unwrap()
    }

    /// Returns the type of what is not taken by who takes session descriptions and text.
    fn unsupported(part: &Part) -> Option<String> {
        let takes = |given: &ContentType| given.is("application", "sdp") || given.is("text", "plain");
        let found = part.unsupported(&takes).unwrap()?;
        let content_type = found.content_type().unwrap();
        Some(format!("{}/{}", content_type.kind(), content_type.subtype()))
    }

    #[test]
    fn a_body_of_one_type_is_taken_or_not() {
        assert_eq!(unsupported(&part("Application/SDP;charset=x")), None);
        assert_eq!(unsupported(&part("image/png")).unwrap(), "image/png");
        assert_eq!(unsupported(&optional(part("image/png"))), None);
        let handling = |disposition: &str| {
            let image = part("image/png");
            unsupported(&image.with_header("Content-Disposition", disposition).unwrap())
        };
        assert_eq!(handling("render;handling=REQUIRED").unwrap(), "image/png");
        assert_eq!(handling("render;handling=other").unwrap(), "image/png");
        assert_eq!(handling("render;Handling=Optional"), None);
    }

    #[test]
    fn all_required_parts_of_a_mixed_body_have_to_be_taken() {
        for kind in ["multipart/mixed", "multipart/related", "multipart/x-new"] {
            let with = |other: Part| unsupported(&of(kind, vec![part("application/sdp"), other]));
            assert_eq!(with(part("text/plain")), None, "{kind}");
            assert_eq!(
                with(part("application/isup")).unwrap(),
                "application/isup",
                "{kind}"
            );
            assert_eq!(with(optional(part("application/isup"))), None, "{kind}");
        }
        let only_optional = of("multipart/mixed", vec![optional(part("image/png"))]);
        assert_eq!(unsupported(&only_optional), None);
    }

    #[test]
    fn one_of_the_alternatives_has_to_be_taken_whatever_they_say_of_their_handling() {
        let of = |parts| of("multipart/alternative", parts);
        assert_eq!(
            unsupported(&of(vec![part("application/sdp"), part("image/png")])),
            None
        );
        assert_eq!(
            unsupported(&of(vec![optional(part("image/png"))])).unwrap(),
            "multipart/alternative"
        );
        assert_eq!(unsupported(&optional(of(vec![part("image/png")]))), None);
    }

    #[test]
    fn what_an_optional_body_requires_counts_only_in_it() {
        let inner = of("multipart/mixed", vec![part("text/plain"), part("image/png")]);
        assert_eq!(unsupported(&inner).unwrap(), "image/png");
        let outer = |inner: Part| of("multipart/mixed", vec![part("application/sdp"), inner]);
        assert_eq!(unsupported(&outer(inner.clone())).unwrap(), "image/png");
        assert_eq!(unsupported(&outer(optional(inner.clone()))), None);
        let choice = of("multipart/alternative", vec![inner, part("text/plain")]);
        assert_eq!(unsupported(&outer(choice)), None);
    }

    #[test]
    fn a_required_part_that_cannot_be_read_is_an_error() {
        let broken = || part("multipart/mixed;boundary=i");
        let outer = |inner: Part| of("multipart/mixed", vec![part("application/sdp"), inner]);
        let takes = |given: &ContentType| given.is("application", "sdp");
        let error = outer(broken()).unsupported(&takes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert_eq!(outer(optional(broken())).unsupported(&takes), Ok(None));
        let whole = |given: &ContentType| given.kind() == "multipart";
        assert_eq!(outer(broken()).unsupported(&whole), Ok(None));
    }
}
