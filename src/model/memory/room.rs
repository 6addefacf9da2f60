//! Keeping a model within its memory budget: what is not needed now is unloaded for what is.

use super::budget::Part;
use crate::model::directory::StableDiffusion;
use crate::model::session::component::Component;

/// The order in which parts are given up: the first is needed again last.
const ORDER: [fn(Part) -> bool; 4] = [
    |part| matches!(part, Part::VaeEncoder | Part::TextEncoder(_)),
    |part| matches!(part, Part::VaeDecoder | Part::TinyDecoder),
    |part| matches!(part, Part::ControlNet(_)),
    |part| part == Part::Unet,
];

impl StableDiffusion {
    /// Makes room for `part` to compute for a batch of latents of so large an area. That it fits was checked
    /// when the picture was asked for.
    pub(in crate::model) fn make_room(&mut self, part: Part, batch: usize, area: usize) {
        let Some(budget) = &self.info.budget else { return };
        let Some(needs) = budget.cost(part).map(|cost| cost.of(batch, area)) else { return };
        let room = budget.room().saturating_sub(needs);
        for is_next in ORDER {
            let others: u64 = self.parts().filter(|(other, _)| *other != part).map(|(_, it)| it.held().bytes()).sum();
            if others <= room {
                return;
            }
            self.parts().filter(|(other, _)| *other != part && is_next(*other)).for_each(|(_, it)| it.unload());
        }
    }

    /// All parts that are there.
    pub(in crate::model) fn parts(&mut self) -> impl Iterator<Item = (Part, &mut Component)> {
        let encoders = self.conditioner.components().enumerate().map(|(i, it)| (Part::TextEncoder(i), it));
        let nets = self.controlnets.iter_mut().enumerate().map(|(i, net)| (Part::ControlNet(i), &mut net.component));
        encoders
            .chain([(Part::Unet, &mut self.unet.component), (Part::VaeDecoder, &mut self.decoder.component)])
            .chain(self.tiny_decoder.as_mut().map(|decoder| (Part::TinyDecoder, &mut decoder.component)))
            .chain(self.encoder.as_mut().map(|encoder| (Part::VaeEncoder, &mut encoder.component)))
            .chain(nets)
    }
}
