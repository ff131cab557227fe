from venvdash.model.quantities import DAY, bytes_of, count_of, seconds_of


def test_seconds_of() -> None:
    assert seconds_of("90d") == seconds_of("90") == 90 * DAY
    assert seconds_of(" 2 Weeks") == 14 * DAY
    assert seconds_of("6mo") == seconds_of("6 m") == seconds_of("6 months") == 6 * (30.44 * DAY)
    assert seconds_of("1y") == 365.25 * DAY
    assert [seconds_of(text) for text in ("", "d", "-1d", "1.5d", "1h", "soon", "٣d")] == [None] * 7


def test_bytes_of() -> None:
    assert bytes_of("0") == 0
    assert bytes_of("512") == bytes_of("512B") == 512
    assert bytes_of("1GB") == 1000**3
    assert bytes_of("1GiB") == bytes_of("1g") == bytes_of(" 1 G ") == 1024**3
    assert bytes_of("1.5kB") == 1500
    assert bytes_of("500M") == 500 * 1024**2
    assert bytes_of("2TB") == 2 * 1000**4
    wrong = ("", "GB", "-1", "1.5.2M", "1XB", "1e3", "inf", "nan", "٣M", "1" * 13)
    assert [bytes_of(text) for text in wrong] == [None] * len(wrong)


def test_count_of() -> None:
    assert count_of("1200") == 1200
    assert count_of("10k") == 10_000
    assert count_of("2M") == 2_000_000
    assert [count_of(text) for text in ("", "k", "1.5", "-1", "1GB")] == [None] * 5
