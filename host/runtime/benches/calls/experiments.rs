//! The experiments and their variants.

use crate::common::direct::Mode;
use crate::common::engine::Knobs;

/// A variant of a call, with the name of its row.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) knobs: Knobs,
    /// True to call without a fiber.
    pub(crate) blocking: bool,
}

/// Variants to compare; the first is the base of the ratios, and the second repeats the first, so
/// that its ratio shows the noise.
pub(crate) struct Experiment {
    pub(crate) name: &'static str,
    pub(crate) mode: Mode,
    pub(crate) variants: Vec<Variant>,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The host's settings; variants change single ones.
fn tuned() -> Knobs {
    Knobs::default()
}

/// The defaults of wasmtime: nothing of an instance is kept warm.
fn bare() -> Knobs {
    Knobs {
        memory_keep_resident: 0,
        table_keep_resident: 0,
        pagemap_scan: false,
        ..Knobs::default()
    }
}

/// Returns every experiment of a lane.
pub(crate) fn all(_lane: &str) -> Vec<Experiment> {
    let host = Knobs::default;
    let mut all = Vec::new();
    for mode in [Mode::Reused, Mode::Fresh] {
        let name = match mode {
            Mode::Reused => "calls-reused",
            _ => "calls-fresh",
        };
        let mut experiment = Experiment::new(name, mode, host());
        experiment.blocking("sync, epochs", host());
        experiment.with("async, no epochs", |knobs| knobs.epochs = false);
        let without = Knobs {
            epochs: false,
            ..host()
        };
        experiment.blocking("sync, no epochs", without);
        experiment.with("async, on-demand allocator", |knobs| knobs.pooling = false);
        experiment.with("async, no memory_init_cow", |knobs| {
            knobs.memory_init_cow = false
        });
        all.push(experiment);
    }

    let mut memory = Experiment::new("memory", Mode::Fresh, bare());
    for scan in [false, true] {
        for size in [256 * KIB, MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB] {
            let scanned = if scan { ", pagemap_scan" } else { "" };
            memory.with(&format!("memory {}{scanned}", bytes(size)), |knobs| {
                knobs.memory_keep_resident = size;
                knobs.pagemap_scan = scan;
            });
        }
    }
    all.push(memory);

    let scanned = Knobs {
        table_keep_resident: 0,
        ..tuned()
    };
    let mut table = Experiment::new("table", Mode::Fresh, scanned);
    for size in [4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 2 * MIB] {
        table.with(&format!("table {}", bytes(size)), |knobs| {
            knobs.table_keep_resident = size;
        });
    }
    table.with("table 64 KiB, no pagemap_scan", |knobs| {
        knobs.table_keep_resident = 64 * KIB;
        knobs.memory_keep_resident = 0;
        knobs.pagemap_scan = false;
    });
    all.push(table);

    // A single variant, for profiling.
    all.push(Experiment::new("tuned", Mode::Fresh, tuned()));
    let mut rest = Experiment::new("rest", Mode::Fresh, tuned());
    rest.with("async stack 64 KiB", |knobs| {
        knobs.stack_keep_resident = 64 * KIB
    });
    rest.with("async stack 2 MiB", |knobs| {
        knobs.stack_keep_resident = 2 * MIB
    });
    rest.with("warm slots 0", |knobs| knobs.unused_warm_slots = 0);
    rest.with("warm slots 1000", |knobs| knobs.unused_warm_slots = 1000);
    rest.with("decommit batch 16", |knobs| knobs.decommit_batch = 16);
    rest.with("no memory_init_cow", |knobs| knobs.memory_init_cow = false);
    rest.with("no table_lazy_init", |knobs| knobs.table_lazy_init = false);
    rest.with("tables of 20000", |knobs| knobs.table_elements = 20_000);
    rest.with("memories of 64 MiB", |knobs| knobs.memory = 64 * MIB);
    rest.blocking("sync", tuned());
    all.push(rest);
    all
}

impl Experiment {
    fn new(name: &'static str, mode: Mode, base: Knobs) -> Self {
        let variant = |name: &str| Variant {
            name: name.to_owned(),
            knobs: base.clone(),
            blocking: false,
        };
        Self {
            name,
            mode,
            variants: vec![variant("base"), variant("base, again")],
        }
    }

    /// Adds a variant that differs from the base in some settings.
    fn with(&mut self, name: &str, change: impl FnOnce(&mut Knobs)) {
        let mut knobs = self.variants[0].knobs.clone();
        change(&mut knobs);
        self.variants.push(Variant {
            name: name.to_owned(),
            knobs,
            blocking: false,
        });
    }

    fn blocking(&mut self, name: &str, knobs: Knobs) {
        self.variants.push(Variant {
            name: name.to_owned(),
            knobs,
            blocking: true,
        });
    }
}

fn bytes(size: usize) -> String {
    match size {
        MIB.. => format!("{} MiB", size / MIB),
        _ => format!("{} KiB", size / KIB),
    }
}
