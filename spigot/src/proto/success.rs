//! 2xx to INVITE until its ACK.
