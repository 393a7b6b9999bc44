//! What requests and responses have alike: headers and a body.

/// The methods of a message about its fields `headers` and `body`. The noun is what its docs call it.
macro_rules! content {
    ($message:ident, $noun:literal) => {
        impl $message {
            /// The headers.
            pub fn headers(&self) -> &Headers {
                &self.headers
            }

            /// The headers, to change them.
            pub fn headers_mut(&mut self) -> &mut Headers {
                &mut self.headers
            }

            /// The body, empty if there is none.
            pub fn body(&self) -> &Bytes {
                &self.body
            }

            /// Sets the body and its Content-Type; what described the body before goes.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`] if `content_type` is none, or as [`Headers::push`].
            pub fn set_body(
                &mut self,
                content_type: &str,
                body: impl Into<Bytes>,
            ) -> Result<(), $crate::ParseError> {
                check_content_type(content_type)?;
                self.body = body.into();
                self.headers
                    .describe_body(Some(content_type), self.body.len());
                Ok(())
            }

            /// Takes the body away, and the headers that describe it.
            pub fn clear_body(&mut self) {
                self.body = Bytes::new();
                self.headers.describe_body(None, 0);
            }

            #[doc = concat!(" The ", $noun, " with one more header line.")]
            ///
            /// # Errors
            ///
            /// As [`Headers::push`].
            pub fn with_header<N>(mut self, name: N, value: &str) -> Result<Self, $crate::ParseError>
            where
                N: TryInto<HeaderName>,
                $crate::ParseError: From<N::Error>,
            {
                self.headers.push(name, value)?;
                Ok(self)
            }

            #[doc = concat!(" The ", $noun, " with one more header line.")]
            pub fn with<H: TypedHeader>(mut self, header: H) -> Self {
                self.headers.push_typed(&header);
                self
            }

            #[doc = concat!(" The ", $noun, " with that body; see [`set_body`](Self::set_body).")]
            ///
            /// # Errors
            ///
            /// As [`set_body`](Self::set_body).
            pub fn with_body(
                mut self,
                content_type: &str,
                body: impl Into<Bytes>,
            ) -> Result<Self, $crate::ParseError> {
                self.set_body(content_type, body)?;
                Ok(self)
            }
        }
    };
}

pub(super) use content;
