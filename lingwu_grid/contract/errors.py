"""The tree of errors a planner may meet: each says what came, where, and how to mend it.

``LingwuError``
├── ``InputError``    a file, a row or a column cannot be used (exit code 2)
├── ``RulesError``    ``rules.toml`` or a command-line option is wrong (exit code 2)
└── ``OutputError``   the result cannot be written (exit code 2)
"""


class LingwuError(Exception):
    """
    A fault the planner can mend.

    Parameters
    ----------
    what
        What came, in plain Chinese.
    where
        File, row and id; empty where the fault has no place.
    remedy
        What to do about it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        """Give the whole sentence: what, where, remedy."""
        place = f"（{self.where}）" if self.where else ""
        mend = f"。处理办法：{self.remedy}" if self.remedy else ""
        return f"{self.what}{place}{mend}"


class InputError(LingwuError):
    """An input file cannot be used."""


class NoHouseholdsError(InputError):
    """No file of a folder is one of households."""


class RulesError(LingwuError):
    """A setting is unknown, of the wrong kind, or impossible."""


def wrong_setting(key: str, value: object, wanted: str, where: str) -> RulesError:
    """
    Make the sentence on a setting whose value cannot be.

    Parameters
    ----------
    key
        Of the setting, its table before it.
    value
        What was given.
    wanted
        What is wanted, in words.
    where
        File, or what else it came from.
    """
    return RulesError(f"设置 {key} 的值 {value!r} 不对", where=where, remedy=f"应为{wanted}")


class OutputError(LingwuError):
    """The result cannot be written."""
