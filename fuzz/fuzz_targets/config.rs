//! `scheduler_config.json` with all samplers, and `scumble.json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scumble::model::Settings;
use scumble::scheduler::{build, Course, NoiseSchedule, Sampler, SchedulerConfig};

fuzz_target!(|json: &str| {
    let config = SchedulerConfig::parse(json).unwrap_or_else(|_| SchedulerConfig::stable_diffusion());
    let own = Sampler::of(&config);
    if let Ok(sampler) = own {
        let _ = config.not_followed(sampler);
    }
    if own.and_then(|sampler| NoiseSchedule::new(&config, sampler)).is_ok() {
        for name in Sampler::names() {
            let (sampler, sigmas) = Sampler::parse(name).unwrap();
            let _ = build(sampler, sigmas, Course::new(3), &config);
        }
    }
    if let Ok(settings) = serde_json::from_str::<Settings>(json) {
        let _ = settings.check(&config);
    }
});
