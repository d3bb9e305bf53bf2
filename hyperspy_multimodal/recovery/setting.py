"""The setting of a fusion: lambdas, regularisers and HAADF model, chosen or given."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..selection import (
    CroppedModels,
    HeldOut,
    NoiseShare,
    Setting,
    SharedStructure,
    choose_setting,
    part_to_choose_on,
    shared_structure,
)


@dataclass(frozen=True)
class Chosen:
    """A setting and how it was chosen.

    Attributes
    ----------
    setting : Setting
        Free parameters of the fusion.
    table : list of dict
        Settings that were tried; empty if lambdas were given.
    part : tuple of slice or None
        Rows and columns on which it was chosen; None for the whole scan.
    alternatives : list of list
        For each element, other regularisers and ratios, and by how many standard errors they
        predict held-out counts worse.
    shared : SharedStructure or None
        How maps follow those of other elements; None if they do not.
    noise_of : callable or None
        Returns the `NoiseShare` of maps fused with a setting, and their shared structure; None if
        lambdas were given.
    noise : NoiseShare or None
        Share of noise in the contrast of the maps; None if lambdas were given.
    close_of : callable or None
        Returns other regularisers that predict as well as those of a setting; None if lambdas were
        given.
    close : sequence of CloseRegulariser
        These, for the final setting; empty if lambdas were given.
    """

    setting: Setting
    table: list
    part: tuple | None
    alternatives: list
    shared: SharedStructure | None = None
    noise_of: Callable[[Setting, SharedStructure], NoiseShare] | None = None
    noise: NoiseShare | None = None
    close_of: Callable[[Setting], list] | None = None
    close: tuple = ()

    def settled(self, setting):
        """Return it with the final setting, and with the share of noise and close choices of it."""
        noise = None if self.noise_of is None else self.noise_of(setting, self.shared)
        close = () if self.close_of is None else tuple(self.close_of(setting))
        return replace(
            self,
            setting=setting,
            alternatives=[],
            noise_of=None,
            noise=noise,
            close_of=None,
            close=close,
        )


def chosen_setting(prepared, parameters, step):
    """Return the setting that predicts held-out counts best, or that of the given lambdas.

    Parameters
    ----------
    prepared : Prepared
        Measured maps and HAADF models.
    parameters : Parameters
        Checked parameters.
    step : callable
        Called once per solve.

    Returns
    -------
    Chosen
    """
    n_maps = len(prepared.maps.names)
    part, known = None, None
    if parameters.splits_counts:
        part = part_to_choose_on(prepared.maps)
        known = (
            prepared.maps if part is None else prepared.maps.cropped(*part),
            prepared.models if part is None else CroppedModels(prepared.models, *part),
            parameters.seed,
            prepared.kept,
        )
    shared = None
    if not parameters.chooses_lambdas:
        setting, alternatives = given_setting(prepared.models.first, parameters, n_maps), [[]]
        if parameters.shares_structure:
            shared = _shared(part, shared_structure(HeldOut(*known, step), setting))
        return Chosen(setting, [], None, n_maps * alternatives, shared)
    choice = choose_setting(*known, parameters.candidates(n_maps), step)
    if parameters.shares_structure:
        shared = _shared(part, choice.shared_by(choice.setting))
    return Chosen(
        choice.setting,
        choice.table,
        part,
        choice.alternatives,
        shared,
        choice.noise_of,
        close_of=choice.close_of,
    )


def _shared(part, found):
    """Return a `SharedStructure` for the whole scan, also if it was found in a part."""
    return found if part is None else found.everywhere


def given_setting(model, parameters, n_maps):
    """Return the setting of lambdas that were given, with one value per element."""
    lambda_1, lambda_2 = parameters.lambdas_of(n_maps)
    return Setting(
        model=model if model.has_weights else None,
        lambda_1=tuple(lambda_1),
        regularisers=tuple(names[0] for names in parameters.candidates(n_maps)),
        ratios=tuple(lambda_2 / lambda_1),
        apart=(False,) * n_maps,
    )
