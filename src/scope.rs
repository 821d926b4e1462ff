//! Scopes: levels, the diff of required against granted, classic and granular.
