//! The engine of components in JavaScript that run on QuickJS: a module that implements the interface `handler` for
//! an app in JavaScript.

mod exports;
mod failure;
mod globals;
mod host;
mod interfaces;
mod jobs;
mod memory;
mod modules;
mod native;
mod pack;
mod reply;
mod sdk;
mod start;
mod state;
mod timers;
mod value;
mod web;
