"""The analysts' questions: each a file under `questions/`, first line what it answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "questions"


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is the file's, `about` its first line, `sql` the whole."""

    name: str
    about: str
    sql: str


def questions(folder: Path = FOLDER) -> dict[str, Question]:
    """All of them by name."""
    found = {}
    for path in sorted(folder.glob("*.sql")):
        sql = path.read_text()
        about = sql.partition("\n")[0].removeprefix("--").strip()
        found[path.stem] = Question(path.stem, about, sql)
    return found
