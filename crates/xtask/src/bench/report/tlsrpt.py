"""Numbers from the databases of tlsrpt-reporter.

counted DATABASE   sessions that its collector has counted
reports DATABASE   reports that its reporter has composed
sessions DATABASE  sessions in them
"""
import json
import sqlite3
import sys

what, database = sys.argv[1:]
with sqlite3.connect(database, timeout=60) as db:
    if what == "counted":
        (number,) = db.execute("SELECT coalesce(sum(cntrtotal), 0) FROM finalresults").fetchone()
    elif what == "reports":
        (number,) = db.execute("SELECT count(*) FROM reports").fetchone()
    else:
        number = 0
        for (text,) in db.execute("SELECT report FROM reports"):
            for policy in json.loads(text)["policies"]:
                number += sum(policy["summary"].values())
print(number)
