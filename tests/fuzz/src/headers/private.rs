//! The private headers of 3GPP networks.

use spigot_parser::header::{
    EarlyMedia, PAccessNetworkInfo, PAssertedService, PAssociatedUri, PCalledPartyId,
    PChargingFunctionAddresses, PChargingVector, PEarlyMedia, PPreferredService, PServedUser,
    PVisitedNetworkId, SessionCase, TransitIoi,
};
use spigot_parser::{NameAddr, Uri};

use super::{display_name, family, params};

fn uri(text: &str) -> Option<Uri> {
    text.parse().ok()
}

family! {
    PAccessNetworkInfo {
        read: |value| (value.access(), value.is_network_provided(), value.params().count());
        built: |a, _b| [PAccessNetworkInfo::new(a).inspect(|new| assert_eq!(new.access(), a))];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_network_provided().inspect(|new| assert!(new.is_network_provided())),
            old.clone()
                .with_dsl_location(a)
                .inspect(|new| assert_eq!(new.dsl_location().as_deref(), Some(a))),
            old.clone()
                .with_local_time_zone(b)
                .inspect(|new| assert_eq!(new.local_time_zone().as_deref(), Some(b))),
        ];
    }
    PAssertedService {
        read: |value| (value.urn(), value.service(), value.labels().count());
        built: |a, _b| [PAssertedService::new(a).inspect(|new| assert_eq!(new.service(), a.to_ascii_lowercase()))];
    }
    PAssociatedUri {
        read: |value| (value.addresses().count(), value.is_empty());
        built: |a, b| [Some(PAssociatedUri::new([a, b].into_iter().flat_map(str::parse::<NameAddr>)))];
    }
    PCalledPartyId {
        read: |value| (value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(PCalledPartyId::new)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a)];
    }
    PChargingFunctionAddresses {
        read: |value| value.params().count();
        built: |a, b| [PChargingFunctionAddresses::new(a, b)];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_ccf(a).inspect(|new| assert_eq!(new.ccf().as_deref(), Some(a))),
            old.clone().with_ecf(b).inspect(|new| assert_eq!(new.ecf().as_deref(), Some(b))),
        ];
    }
    PChargingVector {
        read: |value| (
            (value.icid(), value.icid_generated_at(), value.orig_ioi(), value.term_ioi()),
            (value.transit_ioi().count(), value.related_icid(), value.related_icid_generated_at()),
        );
        built: |a, _b| [PChargingVector::new(a).inspect(|new| assert_eq!(new.icid(), a))];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_icid(a).inspect(|new| assert_eq!(new.icid(), a)),
            old.clone().with_icid_generated_at(a),
            old.clone().with_orig_ioi(a).inspect(|new| assert_eq!(new.orig_ioi().as_deref(), Some(a))),
            old.clone().with_term_ioi(b).inspect(|new| assert_eq!(new.term_ioi().as_deref(), Some(b))),
            old.clone().with_transit_ioi(old.transit_ioi().collect::<Vec<TransitIoi<'_>>>()),
            old.clone().with_related_icid(a).inspect(|new| assert_eq!(new.related_icid().as_deref(), Some(a))),
            old.clone().with_related_icid_generated_at(b),
        ];
    }
    PEarlyMedia {
        read: |value| (value.words().count(), value.directions().count(), value.is_gated(), value.is_supported());
        built: |a, b| [
            PEarlyMedia::new([a, b]),
            Some(PEarlyMedia::of([EarlyMedia::Inactive])),
        ];
        changed: |old, a, _b| [
            Some(old.clone().with_gated()).inspect(|new| assert!(new.is_gated())),
            Some(old.clone()).inspect(|new| _ = new.direction(a.len())),
        ];
    }
    PPreferredService {
        read: |value| (value.urn(), value.service(), value.labels().count());
        built: |a, _b| [PPreferredService::new(a).inspect(|new| assert_eq!(new.service(), a.to_ascii_lowercase()))];
    }
    PServedUser {
        read: |value| (value.uri(), value.session_case(), value.is_registered(), value.params().count());
        built: |a, _b| [uri(a).map(PServedUser::new)];
        changed: |old, a, b| [
            params!(old, a, b),
            display_name!(old, a),
            old.clone().with_registered(a.is_empty()),
            old.clone().with_session_case(SessionCase::Originating),
        ];
    }
    PVisitedNetworkId {
        read: |value| (value.network(), value.params().count());
        built: |a, _b| [PVisitedNetworkId::new(a).inspect(|new| assert_eq!(new.network(), a))];
        changed: |old, a, b| [params!(old, a, b)];
    }
}
