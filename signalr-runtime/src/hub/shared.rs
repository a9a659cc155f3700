//! What all connections of one hub service share.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::call_slots::CallSlots;
use super::connection::Connection;
use super::context::HubContext;
use super::core::HubCore;
use super::filter::{Filters, Invocation};
use super::method_options::{MethodGuard, MethodGuards};
use super::options::HubOptions;
use crate::connection::engine::EngineLimits;
use crate::connection::methods::MethodTable;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::endpoint::blocking_detector::BlockingDetector;
use crate::endpoint::http::application::Endpoint;
use crate::hub::Hub;
use crate::hub::span::TraceParent;

/// Makes the hub value of a connection.
pub(super) type Factory<H> =
    dyn Fn(HubContext<<H as Hub>::Contract>) -> BoxFuture<'static, HubResult<H>> + Send + Sync;

/// A rule that says who may call some methods.
pub(crate) struct Rule {
    pub(super) methods: Vec<&'static str>,
    pub(super) allows: Box<dyn Fn(&Invocation) -> bool + Send + Sync>,
}

impl Rule {
    pub(crate) fn allows(&self, call: &Invocation) -> bool {
        (self.allows)(call)
    }
}

/// What all connections of one hub service share.
pub(crate) struct HubShared<H: Hub + 'static> {
    pub(crate) core: Arc<HubCore>,
    /// Through which its connections come. Its options and limits are those of `options`.
    pub(crate) endpoint: Endpoint,
    pub(crate) options: HubOptions,
    pub(crate) engine_limits: Arc<EngineLimits>,
    pub(crate) methods: Arc<MethodTable<H>>,
    pub(crate) filters: Filters,
    pub(super) factory: Arc<Factory<H>>,
    pub(super) rules: Vec<Arc<Rule>>,
    pub(crate) trace_parent: Option<Arc<TraceParent>>,
    pub(super) method_guards: MethodGuards,
    /// Where methods that block run.
    pub(crate) threads: Arc<CallSlots>,
    pub(crate) blocking: BlockingDetector,
}

impl<H: Hub + 'static> HubShared<H> {
    pub(crate) fn make_hub(&self, connection: &Arc<Connection>) -> BoxFuture<'static, HubResult<H>> {
        (self.factory)(HubContext::new(Arc::clone(&self.core), Arc::clone(connection)))
    }

    /// The options of a method of its own.
    pub(crate) fn guard_of(&self, method: &str) -> Option<&Arc<MethodGuard>> {
        self.method_guards.of(method)
    }

    /// The rules that a call of `method` must satisfy.
    #[inline]
    pub(crate) fn rules_for(&self, method: &'static str) -> Vec<Arc<Rule>> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        self.rules.iter().filter(|rule| rule.methods.contains(&method)).cloned().collect()
    }

    /// The text of an error as clients read it: the texts of deliberate errors are sent, those of others only
    /// when detailed errors are on.
    pub(crate) fn with_detail(&self, text: String, error: &HubError) -> String {
        if error.kind() == HubErrorKind::Hub || self.options.enable_detailed_errors {
            format!("{text} {}: {}", error.name(), error.message())
        } else {
            text
        }
    }
}

impl<H: Hub + 'static> Clone for HubShared<H> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
            endpoint: self.endpoint.clone(),
            options: self.options.clone(),
            engine_limits: Arc::clone(&self.engine_limits),
            methods: Arc::clone(&self.methods),
            filters: self.filters.clone(),
            factory: Arc::clone(&self.factory),
            rules: self.rules.clone(),
            method_guards: self.method_guards.clone(),
            threads: Arc::clone(&self.threads),
            blocking: self.blocking.clone(),
            trace_parent: self.trace_parent.clone(),
        }
    }
}
