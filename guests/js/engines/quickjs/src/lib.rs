//! The engine of components in JavaScript that run on QuickJS: a module that implements the interface `handler` for
//! an app in JavaScript.

mod exports;
mod failure;
mod globals;
mod host;
mod interfaces;
mod io;
mod jobs;
mod log;
mod memory;
mod modules;
mod native;
mod ops;
mod pack;
mod rejections;
mod reply;
mod resumable;
mod sdk;
mod stages;
mod start;
mod state;
mod tasks;
mod timers;
mod value;
mod web;
