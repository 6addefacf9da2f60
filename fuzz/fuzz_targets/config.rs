//! `scheduler_config.json` with all samplers, and `scumble.json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scumble::model::Defaults;
use scumble::scheduler::{NoiseSchedule, SchedulerConfig};

fuzz_target!(|json: &[u8]| {
    if let Ok(config) = serde_json::from_slice::<SchedulerConfig>(json) {
        let _ = config.not_followed();
        let _ = NoiseSchedule::new(&config);
        if let Ok(defaults) = serde_json::from_slice::<Defaults>(json) {
            let _ = defaults.check(&config);
        }
    }
    if let Ok(defaults) = serde_json::from_slice::<Defaults>(json) {
        let _ = defaults.check(&SchedulerConfig::stable_diffusion());
    }
});
