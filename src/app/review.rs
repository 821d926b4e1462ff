//! The review of an app's scopes on the screen: what it is about, what is listed, where the cursor is, and what a
//! proof has found by now.
//!
//! What is listed is put together when the filter or the search changes, not when it is drawn.

use super::input::TextField;
use super::message::Ticket;
use crate::oauth::Diagnosis;
use crate::procedure::{AppKind, Management, Procedure};
use crate::scope::proof::{Proof, ProofRead, Proved};
use crate::scope::review::{Review, Row, State, Subject, review};
use crate::scope::search::FoundText;
use crate::scope::{Catalogue, ScopeInfo, catalogue};
use crate::secret::Secret;
use crate::setup::Owner;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How many finds of a search are listed.
pub const MOST_FOUND: usize = 100;

/// What the command line asks to be reviewed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewRequest {
    /// Name of a stored connection.
    pub connection: Option<String>,
    /// Id of a procedure; without it that of the connection.
    pub procedure: Option<String>,
    /// A list that was given, and in it `None` for a token answer that names no scopes.
    pub granted: Option<Option<Vec<String>>>,
}

/// What the app that is reviewed is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewOf {
    /// A list of granted scopes, or nothing yet.
    Anything,
    /// The stored connection of that name.
    Connection(String),
    /// The set-up on the screen below.
    Setup,
}

/// Everything that decides what is needed and what is granted.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    pub of: ReviewOf,
    pub procedure: Option<Arc<Procedure>>,
    pub app_kind: Option<AppKind>,
    /// Scopes that the admin chose for this app.
    pub chosen: Option<BTreeSet<String>>,
    /// `None`: not confirmed.
    pub granted: Option<Vec<String>>,
    /// When that was known last; `None` for a list that was pasted.
    pub granted_at: Option<Timestamp>,
    pub management: Option<Management>,
    pub owner: Option<Owner>,
}

/// Which scopes are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All that are needed, offered or granted.
    Review,
    State(State),
    /// All that Zoom has published, and with them those of the review.
    Published,
}

impl Filter {
    /// In the order in which a key goes through them.
    pub const ALL: [Self; 9] = [
        Self::Review,
        Self::State(State::Required),
        Self::State(State::Optional),
        Self::State(State::Granted),
        Self::State(State::Missing),
        Self::State(State::Excess),
        Self::State(State::Unknown),
        Self::State(State::NotProvable),
        Self::Published,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Review => "all",
            Self::State(state) => state.words(),
            Self::Published => "all published",
        }
    }

    /// Its place in [`Self::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|filter| *filter == self).unwrap_or(0)
    }
}

/// The part of the screen that takes the keys. On a narrow screen it is the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The products; Enter goes to the first scope of one.
    Tree,
    List,
    Detail,
    /// What is to be done on Zoom's page.
    ToDo,
    /// What the app is for.
    Subjects,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub at: At,
    /// Where the words of the search are in the id, as byte offsets.
    pub positions: Vec<usize>,
    /// Where they were found beside it.
    pub beside: Option<Box<FoundText>>,
}

/// The scope of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// Index into the rows of the review.
    Row(usize),
    /// One that the review says nothing about.
    Published(&'static ScopeInfo),
}

/// A branch of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    pub product: String,
    /// How many of it are listed.
    pub count: usize,
    /// Of these, how many are missing, and how many in excess.
    pub missing: usize,
    pub excess: usize,
    /// Index of the first in the list.
    pub first: usize,
}

/// A proof under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Proving {
    pub ticket: Ticket,
    pub stage: Stage,
}

/// What a proof waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// The store, for what a token is asked with, or for the token itself.
    Secrets,
    Token,
    /// The pace, before the next read.
    Pause(Box<Reads>),
    /// The answer to it.
    Read(Box<Reads>),
}

/// The reads of a proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Reads {
    pub proof: Proof,
    pub next: ProofRead,
    pub access_token: Secret,
    pub api_url: Option<String>,
}

/// What a proof has found by now.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub at: Timestamp,
    /// By scope.
    pub results: BTreeMap<String, Proved>,
    /// What ended it before its time.
    pub stopped: Option<Diagnosis>,
    /// Whether the user did.
    pub cancelled: bool,
}

/// The review while it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Reviewing {
    pub about: About,
    pub review: Review,
    /// How many scopes each of [`Filter::ALL`] lists.
    pub counts: [usize; Filter::ALL.len()],
    pub filter: Filter,
    /// Search text; `Some` while it has the focus or holds text.
    pub search: Option<TextField>,
    /// Whether the search box has the focus.
    pub searching: bool,
    pub list: Vec<Listed>,
    /// The products of the list, in its order.
    pub branches: Vec<Branch>,
    pub pane: Pane,
    /// Index into the list.
    pub selected: usize,
    /// Index into the branches.
    pub branch: usize,
    /// Index into the to-do: what to add, then what to remove.
    pub task: usize,
    /// Index into [`subjects`].
    pub subject: usize,
    /// Scopes that the admin has seen to in Zoom.
    pub ticked: BTreeSet<String>,
    /// The box for what was granted, once opened; masked, since a whole token answer may be pasted.
    pub paste: Option<TextField>,
    pub proving: Option<Proving>,
    pub found: Option<Found>,
}

impl Reviewing {
    /// A review, everything listed that it is about; all that is published if it is about nothing yet.
    pub fn new(about: About) -> Self {
        let review = reviewed(&about);
        let mut reviewing = Self {
            filter: if review.rows.is_empty() { Filter::Published } else { Filter::Review },
            about,
            review,
            counts: [0; Filter::ALL.len()],
            search: None,
            searching: false,
            list: Vec::new(),
            branches: Vec::new(),
            pane: Pane::List,
            selected: 0,
            branch: 0,
            task: 0,
            subject: 0,
            ticked: BTreeSet::new(),
            paste: None,
            proving: None,
            found: None,
        };
        reviewing.count();
        reviewing.relist(None);
        reviewing
    }

    /// Reviews anew, after something that it is about has changed.
    pub fn renew(&mut self) {
        let kept = self.selected_id().map(str::to_owned);
        self.review = reviewed(&self.about);
        self.task = self.task.min(self.tasks().count().saturating_sub(1));
        self.count();
        self.relist(kept.as_deref());
    }

    /// Another filter; the cursor stays on its scope if that is still listed.
    pub fn filter_by(&mut self, filter: Filter) {
        let kept = self.selected_id().map(str::to_owned);
        self.filter = filter;
        self.relist(kept.as_deref());
    }

    fn count(&mut self) {
        let rows = &self.review.rows;
        let known = rows.iter().filter(|row| row.known).count();
        self.counts = Filter::ALL.map(|filter| match filter {
            Filter::Review => rows.len(),
            Filter::State(state) => self.review.count(state),
            Filter::Published => Catalogue::embedded().entries().len() + rows.len() - known,
        });
    }

    /// Puts the list together, and the cursor on the scope `kept`, or on the first.
    pub fn relist(&mut self, kept: Option<&str>) {
        let text = self.search.as_ref().map(|search| search.text().trim()).unwrap_or_default();
        self.list = if text.is_empty() { self.all() } else { self.matching(text) };
        let at = kept.and_then(|kept| self.list.iter().position(|listed| self.id(listed) == kept));
        self.selected = at.unwrap_or(0);
        self.branches = branches(self);
        self.branch = self.branch_of(self.selected);
    }

    /// Everything that the filter takes, by product and id.
    fn all(&self) -> Vec<Listed> {
        let listed = |at| Listed { at, positions: Vec::new(), beside: None };
        let rows = (0..self.review.rows.len()).filter(|index| self.takes(*index));
        if self.filter != Filter::Published {
            return rows.map(|index| listed(At::Row(index))).collect();
        }
        let known = self.index();
        let unknown = rows.filter(|index| !self.review.rows[*index].known).map(At::Row);
        let entries = Catalogue::embedded().entries().iter();
        let published =
            entries.map(|info| known.get(info.id).map_or(At::Published(info), |index| At::Row(*index)));
        let mut all: Vec<Listed> = published.chain(unknown).map(listed).collect();
        all.sort_by(|one, other| {
            let (one, other) = (self.id(one), self.id(other));
            (catalogue::product(one), one).cmp(&(catalogue::product(other), other))
        });
        all
    }

    /// What the search finds among it, best first; unknown scopes, which the catalogue cannot find, come last.
    fn matching(&self, text: &str) -> Vec<Listed> {
        let known = self.index();
        let among = |info: &ScopeInfo| {
            self.filter == Filter::Published || known.get(info.id).is_some_and(|index| self.takes(*index))
        };
        let mut found: Vec<Listed> = Catalogue::embedded()
            .search_among(text, MOST_FOUND, &among)
            .into_iter()
            .map(|hit| Listed {
                at: known.get(hit.scope.id).map_or(At::Published(hit.scope), |index| At::Row(*index)),
                positions: hit.positions,
                beside: hit.elsewhere.into_iter().next().map(Box::new),
            })
            .collect();
        let lower = text.to_lowercase();
        for (index, row) in self.review.rows.iter().enumerate() {
            let id = row.id.to_lowercase();
            if !row.known && self.takes(index) && lower.split_whitespace().all(|word| id.contains(word)) {
                found.push(Listed { at: At::Row(index), positions: Vec::new(), beside: None });
            }
        }
        found
    }

    /// Rows of the review by id.
    fn index(&self) -> HashMap<&str, usize> {
        self.review.rows.iter().enumerate().map(|(index, row)| (row.id.as_str(), index)).collect()
    }

    fn takes(&self, row: usize) -> bool {
        match self.filter {
            Filter::Review | Filter::Published => true,
            Filter::State(state) => self.review.rows[row].is(state),
        }
    }

    /// The id of a line.
    pub fn id(&self, listed: &Listed) -> &str {
        match listed.at {
            At::Row(index) => &self.review.rows[index].id,
            At::Published(info) => info.id,
        }
    }

    /// What the review says about a line; `None` if nothing.
    pub fn row(&self, listed: &Listed) -> Option<&Row> {
        match listed.at {
            At::Row(index) => self.review.rows.get(index),
            At::Published(_) => None,
        }
    }

    /// The line under the cursor.
    pub fn selected(&self) -> Option<&Listed> {
        self.list.get(self.selected)
    }

    /// Its id.
    pub fn selected_id(&self) -> Option<&str> {
        self.selected().map(|listed| self.id(listed))
    }

    /// The branch on which a line hangs.
    pub fn branch_of(&self, line: usize) -> usize {
        let Some(listed) = self.list.get(line) else { return 0 };
        let product = catalogue::product(self.id(listed));
        self.branches.iter().position(|branch| branch.product == product).unwrap_or(0)
    }

    /// What is to be done on Zoom's page: what to add, then what to remove, each in the order of its picker.
    pub fn tasks(&self) -> impl Iterator<Item = &str> {
        let todo = &self.review.todo;
        let add = todo.add.iter().map(|item| item.scope.as_str());
        add.chain(todo.remove.iter().map(|item| item.scope.as_str()))
    }

    /// What the app lacks, in the order of Zoom's picker. As long as it is not known what was granted, that is
    /// everything it needs.
    pub fn to_add(&self) -> Vec<&str> {
        if self.review.compared {
            return self.review.todo.add.iter().map(|item| item.scope.as_str()).collect();
        }
        self.review.rows.iter().filter(|row| row.is_needed()).map(|row| row.id.as_str()).collect()
    }

    /// What the proof found for a scope.
    pub fn proved(&self, id: &str) -> Option<&Proved> {
        self.found.as_ref()?.results.get(id)
    }

    /// Reads done and to do, and the one under way.
    pub fn progress(&self) -> Option<(usize, usize, String)> {
        match &self.proving.as_ref()?.stage {
            Stage::Secrets | Stage::Token => None,
            Stage::Pause(reads) | Stage::Read(reads) => {
                let (done, all) = reads.proof.progress();
                Some((done, all, reads.next.operation()))
            }
        }
    }
}

fn reviewed(about: &About) -> Review {
    let subject = Subject {
        procedure: about.procedure.as_deref(),
        chosen: about.chosen.as_ref(),
        granted: about.granted.as_deref(),
        management: about.management,
        owner: about.owner,
    };
    review(Catalogue::embedded(), &subject)
}

fn branches(reviewing: &Reviewing) -> Vec<Branch> {
    let mut branches: Vec<Branch> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (index, listed) in reviewing.list.iter().enumerate() {
        let product = catalogue::product(reviewing.id(listed));
        let at = *known.entry(product).or_insert_with(|| {
            branches.push(Branch {
                product: product.to_owned(),
                count: 0,
                missing: 0,
                excess: 0,
                first: index,
            });
            branches.len() - 1
        });
        let is = |state| reviewing.row(listed).is_some_and(|row| row.is(state));
        branches[at].count += 1;
        branches[at].missing += usize::from(is(State::Missing));
        branches[at].excess += usize::from(is(State::Excess));
    }
    branches
}

/// What a review can be of, as the list to choose from has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectChoice {
    /// No procedure: nothing is needed, and everything can be looked up.
    Nothing,
    /// Index into [`super::model::Model::procedures`].
    Procedure(usize),
    /// Index into the connections of the library.
    Connection(usize),
}

/// What can be chosen, from top to bottom.
pub fn subjects(model: &super::model::Model) -> Vec<SubjectChoice> {
    let procedures = (0..model.procedures.len()).map(SubjectChoice::Procedure);
    let connections = (0..model.library.connections.len()).map(SubjectChoice::Connection);
    std::iter::once(SubjectChoice::Nothing).chain(procedures).chain(connections).collect()
}
