//! The products of NTT East and West, and which of them may use ONS (guide p.4; ngn-facts §5.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::Area;

/// The product of the contract. A コラボ光 line is what its type is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    IntoStaticStr,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Service {
    /// フレッツ 光ネクスト ファミリータイプ.
    NextFamily,
    /// フレッツ 光ネクスト ファミリー・ハイスピードタイプ.
    NextFamilyHighSpeed,
    /// フレッツ 光ネクスト マンションタイプ.
    NextMansion,
    /// フレッツ 光ネクスト マンション・ハイスピードタイプ.
    NextMansionHighSpeed,
    /// フレッツ 光ネクスト ビジネスタイプ; not for オンライン請求, but for ONS.
    NextBusiness,
    /// フレッツ 光ネクスト ギガファミリー・スマートタイプ, East only.
    GigaFamilySmart,
    /// フレッツ 光ネクスト ギガマンション・スマートタイプ, East only.
    GigaMansionSmart,
    /// フレッツ 光ネクスト ファミリー・ギガラインタイプ, East only.
    FamilyGigaLine,
    /// フレッツ 光ネクスト マンション・ギガラインタイプ, East only.
    MansionGigaLine,
    /// フレッツ 光ネクスト ファミリー・スーパーハイスピードタイプ, West only.
    FamilySuperHighSpeed,
    /// フレッツ 光ネクスト マンション・スーパーハイスピードタイプ, West only.
    MansionSuperHighSpeed,
    /// フレッツ 光クロス; the guide does not list it, and field reports advise against it.
    Cross,
    /// Bフレッツ ビジネスタイプ, East only; not eligible for ONS.
    BFletsBusiness,
    /// Bフレッツ ベーシックタイプ, East only; not eligible for ONS.
    BFletsBasic,
}

impl Service {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether the service may use ONS.
    pub fn is_eligible(self) -> bool {
        !matches!(self, Self::BFletsBusiness | Self::BFletsBasic)
    }

    /// Returns the areas whose column of the guide's table has the service.
    pub fn areas(self) -> &'static [Area] {
        match self {
            Self::NextFamily
            | Self::NextFamilyHighSpeed
            | Self::NextMansion
            | Self::NextMansionHighSpeed
            | Self::NextBusiness
            | Self::Cross => &Area::ALL,
            Self::GigaFamilySmart
            | Self::GigaMansionSmart
            | Self::FamilyGigaLine
            | Self::MansionGigaLine
            | Self::BFletsBusiness
            | Self::BFletsBasic => &[Area::East],
            Self::FamilySuperHighSpeed | Self::MansionSuperHighSpeed => &[Area::West],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_one_area_are_those_of_the_guide() {
        assert_eq!(Service::FamilyGigaLine.areas(), [Area::East]);
        assert_eq!(Service::MansionSuperHighSpeed.areas(), [Area::West]);
        assert_eq!(Service::NextBusiness.areas(), Area::ALL);
        assert!(Service::FamilySuperHighSpeed.is_eligible());
        assert!(!Service::BFletsBasic.is_eligible());
    }

    #[test]
    fn names_are_those_of_the_files() {
        for service in [Service::BFletsBusiness, Service::NextFamilyHighSpeed] {
            let written = serde_json::to_value(service).unwrap();
            assert_eq!(written, service.name());
        }
    }
}
