//! See the parent module.
use super::{Diagnosis, DiagnosisClass, Failure};
fn stub() -> Diagnosis {
    Diagnosis {
        code: String::new(),
        heading: String::new(),
        cause: String::new(),
        next: String::new(),
        zoom: None,
        class: DiagnosisClass::Refused,
        retry: true,
    }
}
pub fn diagnose(_f: &Failure, _n: jiff::Timestamp) -> Diagnosis {
    stub()
}
pub fn diagnose_callback_error(_e: &str, _d: Option<&str>) -> Diagnosis {
    stub()
}
pub fn clock_finding(_o: i64) -> Option<Diagnosis> {
    None
}
