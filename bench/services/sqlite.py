"""Creates an SQLite database with the tables of world.sql: sqlite.py FILE."""

import sqlite3
import sys
from pathlib import Path

file = Path(sys.argv[1])
file.parent.mkdir(parents=True, exist_ok=True)
file.unlink(missing_ok=True)
database = sqlite3.connect(file)
database.execute("pragma journal_mode = wal")
database.executescript(Path(__file__).with_name("world.sql").read_text(encoding="utf-8"))
database.commit()
database.close()
