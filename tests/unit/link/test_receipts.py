"""Receipts find their publication in whatever order library and network speak."""

from edge_agent.link.publisher import Outcome, Receipt
from edge_agent.link.receipts import Receipts

YES = Receipt(Outcome.ACCEPTED, "Success")


def test_an_acknowledgement_after_and_one_before_we_know_the_id() -> None:
    receipts = Receipts()
    later = receipts.expect(1)
    assert not later.done()
    receipts.settle(1, YES)
    receipts.settle(2, YES)
    assert later.result(0) == receipts.expect(2).result(0) == YES


def test_the_end_of_the_connection_settles_all_that_waits_and_all_that_comes() -> None:
    receipts = Receipts()
    waiting = receipts.expect(1)
    receipts.close("broken")
    assert waiting.result(0) == receipts.expect(2).result(0) == Receipt(Outcome.LOST, "broken")


def test_a_packet_id_used_again_gets_its_own_receipt() -> None:
    receipts = Receipts()
    first = receipts.expect(1)
    receipts.settle(1, YES)
    second = receipts.expect(1)
    assert first.done()
    assert not second.done()
