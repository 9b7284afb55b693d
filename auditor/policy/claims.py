"""Claimed exemptions: which transfer a person's claim speaks of. None is ever guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditor.model.finding import Claim
from auditor.model.text import Text
from auditor.policy.coverage import rows_by_regime
from auditor.policy.masks import Integers, Masks
from auditor.policy.matching import each_flow_once, names_somebody
from auditor.policy.rules import basis_of, text

if TYPE_CHECKING:
    from auditor.model.regimes import Ground, RegimeFile
    from auditor.model.register import Exemption, Register
    from auditor.policy.facts import CategoryFacts
    from auditor.policy.matching import Matching

CLAIMED_STEP = Text(
    "Kiểm tra căn cứ của trường hợp miễn đã ghi nhận và giấy tờ chứng minh; thực hiện nghĩa vụ gắn "
    "với trường hợp đó (như gửi đánh giá tác động sau khi thực hiện).",
    "Check the ground of the recorded exemption and its proof; do what comes with it (such as "
    "sending the assessment afterwards).",
)
"""What to do about a transfer for which an exemption is claimed."""


class Claims:
    """The exemptions of a register over all flows and categories of one table.

    Of several that fit, the one that stands first in the register is named.

    Attributes:
        exemptions: of the register, in its order.
        claim: per row, the number of the exemption that speaks of it, or may (-1 = none).
        fits: per row, whether it does; unknown = its recipient could not be compared.
    """

    def __init__(
        self,
        register: Register | None,
        regimes: RegimeFile,
        matching: Matching,
        facts: CategoryFacts,
    ) -> None:
        self.exemptions: tuple[Exemption, ...] = register.exemptions if register else ()
        self.grounds = {ground.id: ground for ground in regimes.grounds}
        self.claim: Integers = np.full(facts.rows, -1, np.int64)
        self.fits = Masks(np.zeros(facts.rows, np.bool_), np.ones(facts.rows, np.bool_))
        if not self.exemptions:
            return
        of_regime = rows_by_regime(facts, {regime.id: regime for regime in regimes.regimes})
        for number, exemption in enumerate(self.exemptions):
            rows = matching.rows_of(exemption)
            freed = np.zeros(len(rows), np.bool_)
            for regime in self.grounds[exemption.ground].regimes:
                freed |= of_regime[regime][rows]
            rows = rows[freed & matching.categories(exemption, rows)]
            if len(rows):
                self._take(number, rows, matching)

    def _take(self, number: int, rows: Integers, matching: Matching) -> None:
        """One exemption, over ``rows`` of its systems, categories and regimes."""
        exemption = self.exemptions[number]
        flows, flow_of = each_flow_once(matching.rows.flow_of[rows])
        recipient = matching.recipient(exemption.recipients, flows).fits
        early, ended = matching.in_time(exemption, flows)
        in_time = ~(early | ended)
        # Who names countries only does not say to whom there the claim belongs.
        sure = names_somebody(exemption.recipients)
        hit = (recipient.hit & in_time & sure)[flow_of]
        perhaps = (~recipient.miss & in_time)[flow_of] & ~hit
        better = hit & ~self.fits.hit[rows]
        first = perhaps & (self.claim[rows] < 0)
        self.claim[rows[better | first]] = number
        self.fits.hit[rows[better]] = True
        self.fits.known[rows[better]] = True
        self.fits.known[rows[first]] = False


def claim_of(exemption: Exemption, ground: Ground) -> Claim:
    """The claim as a finding carries it."""
    return Claim(
        id=exemption.id,
        ground=text(ground.title),
        basis=basis_of(ground.basis),
        reason=exemption.reason,
        recorded_by=exemption.recorded_by,
        recorded=exemption.recorded,
        reviewed_by=exemption.reviewed_by,
        reviewed=exemption.reviewed,
        reported=exemption.reported,
        ground_id=ground.id,
    )


def claim_said(exemption: Exemption, ground: Ground, *, certain: bool) -> Text:
    """The sentence that an exemption adds to what dossiers say."""
    title = text(ground.title)
    if certain:
        return Text(
            f"Trường hợp miễn {exemption.id} ({title.vi}) do {exemption.recorded_by} ghi nhận, "
            f"{exemption.reviewed_by} rà soát: là khai báo của cơ quan, chưa được chứng minh.",
            f"Exemption {exemption.id} ({title.en}) was recorded by {exemption.recorded_by} and "
            f"reviewed by {exemption.reviewed_by}: the agency claims it, nothing proves it.",
        )
    return Text(
        f"Trường hợp miễn {exemption.id} ({title.vi}) có thể áp dụng, nhưng bên nhận chưa đủ rõ để "
        "đối chiếu.",
        f"Exemption {exemption.id} ({title.en}) may apply, but the recipient is not known well "
        "enough to compare.",
    )
