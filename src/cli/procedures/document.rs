//! The JSON documents of `procedures`. Keys are the contract with scripts.

use crate::procedure::{AppKind, Correction, Omission, Phase, Procedure, Receiver, ScopeNeed, Source};
use serde::Serialize;
use std::io::{self, Write};

/// Version of the documents.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct List<'a> {
    format: u32,
    procedures: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    format: u32,
    #[serde(flatten)]
    procedure: Entry<'a>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    title: &'a str,
    receiver: Receiver,
    app_kind: AppKind,
    source: &'a Source,
    steps: Vec<Step<'a>>,
    scopes: Scopes<'a>,
    corrections: &'a [Correction],
    omissions: &'a [Omission],
}

#[derive(Serialize)]
struct Step<'a> {
    id: &'a str,
    phase: Phase,
    title: &'a str,
    documented: &'a [String],
}

#[derive(Serialize)]
struct Scopes<'a> {
    required: Vec<&'a str>,
    optional: Vec<&'a str>,
    classic: Vec<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(procedure: &'a Procedure) -> Self {
        let steps = procedure.steps.iter().map(|step| Step {
            id: &step.id,
            phase: step.phase,
            title: &step.title,
            documented: &step.documented,
        });
        Self {
            id: &procedure.id,
            title: &procedure.title,
            receiver: procedure.receiver,
            app_kind: procedure.app_kind,
            source: &procedure.source,
            steps: steps.collect(),
            scopes: Scopes {
                required: procedure.scope_ids(ScopeNeed::Required),
                optional: procedure.scope_ids(ScopeNeed::Optional),
                classic: procedure.scope_ids(ScopeNeed::Classic),
            },
            corrections: &procedure.corrections,
            omissions: &procedure.omissions,
        }
    }
}

/// `procedures --json`
pub(super) fn write_list(procedures: &[Procedure], out: &mut dyn Write) -> io::Result<()> {
    write(&List { format: FORMAT, procedures: procedures.iter().map(Entry::of).collect() }, out)
}

/// `procedures show ID --json`
pub(super) fn write_one(procedure: &Procedure, out: &mut dyn Write) -> io::Result<()> {
    write(&One { format: FORMAT, procedure: Entry::of(procedure) }, out)
}

fn write(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}
