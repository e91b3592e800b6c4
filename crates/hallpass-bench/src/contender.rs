//! What is measured, and the folders it is built in.

use std::path::{Path, PathBuf};

/// A program below `contenders/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Open,
    ByHand,
    ActixJwtAuthMiddleware,
    Hallpass,
    NestJs,
    Fastify,
    BuildPlain,
    BuildHallpass,
}

/// What a contender is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Rust,
    Node,
}

impl Contender {
    /// In the order of the report.
    pub(crate) const ALL: [Self; 8] = [
        Self::Open,
        Self::Hallpass,
        Self::ByHand,
        Self::ActixJwtAuthMiddleware,
        Self::Fastify,
        Self::NestJs,
        Self::BuildPlain,
        Self::BuildHallpass,
    ];

    /// Its name, which is its folder's.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ByHand => "by-hand",
            Self::ActixJwtAuthMiddleware => "actix-jwt-auth-middleware",
            Self::Hallpass => "hallpass",
            Self::NestJs => "nestjs",
            Self::Fastify => "fastify",
            Self::BuildPlain => "build-plain",
            Self::BuildHallpass => "build-hallpass",
        }
    }

    pub(crate) fn platform(self) -> Platform {
        match self {
            Self::NestJs | Self::Fastify => Platform::Node,
            Self::Open
            | Self::ByHand
            | Self::ActixJwtAuthMiddleware
            | Self::Hallpass
            | Self::BuildPlain
            | Self::BuildHallpass => Platform::Rust,
        }
    }

    /// Where its source is.
    pub(crate) fn folder(self) -> PathBuf {
        crate_folder().join("contenders").join(self.name())
    }
}

/// Returns the folder of this crate.
pub(crate) fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the folder of the repository.
pub(crate) fn repository() -> &'static Path {
    crate_folder().ancestors().nth(2).expect("the crate is in crates/hallpass-bench")
}
