//! Headers of caller preferences and features.

use spigot_parser::header::{
    AcceptContact, AcceptResourcePriority, Directive, Feature, FeatureCaps, FeatureValue, RejectContact,
    RequestDisposition, ResourcePriority,
};

use super::{family, params};

const DIRECTIVES: [Directive; 5] = [
    Directive::Proxy,
    Directive::Redirect,
    Directive::Fork,
    Directive::NoRecurse,
    Directive::Parallel,
];

/// Builds features from hostile texts, and checks what was set.
macro_rules! features {
    ($old:expr, $a:expr, $b:expr) => {{
        let number = $b.len() as f64 / 8.0;
        let values = [
            FeatureValue::Token($b),
            FeatureValue::AtLeast(number),
            FeatureValue::Between(-number, number),
        ];
        [
            $old.clone()
                .with_feature($a)
                .inspect(|new| assert!(new.feature($a).is_some_and(|one| one.is_flag()))),
            $old.clone()
                .with_feature_text($a, $b)
                .inspect(|new| assert_eq!(new.feature($a).and_then(|one| one.text()).as_deref(), Some($b))),
            $old.clone().with_feature_values($a, values.map(Into::into)),
            $old.clone()
                .with_feature_values($a, [(FeatureValue::Boolean(true), false).into()]),
        ]
        .into_iter()
        .flatten()
    }};
}

fn count<'a>(features: impl Iterator<Item = Feature<'a>>) -> usize {
    features
        .map(|feature| {
            feature.values().filter(|value| value.has()).count() + feature.tag().len() + feature.name().len()
        })
        .sum()
}

family! {
    AcceptContact {
        read: |value| (count(value.features()), value.is_required(), value.is_explicit());
        built: |a, b| [features!(AcceptContact::new(), a, b)];
        changed: |old, a, b| [
            params!(old, a, b),
            features!(old, a, b),
            old.clone().required().inspect(|new| assert!(new.is_required())),
            old.clone().explicit().inspect(|new| assert!(new.is_explicit())),
        ];
    }
    AcceptResourcePriority {
        read: |value| (value.values().count(), value.is_empty());
        built: |a, b| [AcceptResourcePriority::new([(a, b)]).inspect(|new| assert!(new.contains(a, b)))];
    }
    FeatureCaps {
        read: |value| count(value.features());
        built: |a, b| [features!(FeatureCaps::new(), a, b)];
        changed: |old, a, b| [params!(old, a, b), features!(old, a, b)];
    }
    RejectContact {
        read: |value| count(value.features());
        built: |a, b| [features!(RejectContact::new(), a, b)];
        changed: |old, a, b| [params!(old, a, b), features!(old, a, b)];
    }
    RequestDisposition {
        read: |value| (value.directives().count(), value.contains(Directive::Fork));
        built: |a, b| [RequestDisposition::new(DIRECTIVES.into_iter().skip(a.len() % 5).take(b.len()))];
    }
    ResourcePriority {
        read: |value| value.values().map(|one| one.namespace().len() + one.priority().len()).sum::<usize>();
        built: |a, b| [
            ResourcePriority::new([(a, b)]).inspect(|new| assert_eq!(new.of(a), Some(b))),
            ResourcePriority::new([(a, b), (b, a)]).inspect(|new| assert!(new.contains(a, b) && new.contains(b, a))),
        ];
    }
}
