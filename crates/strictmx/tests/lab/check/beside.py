#!/usr/bin/env python3
"""What checkdmarc says of the domains of the table: run by the lab's test when STRICTMX_BESIDE names this file.

Arguments: the resolver's address; a folder with `list`, `ca.pem` and `verdicts.jsonl`. Needs checkdmarc, and prints a line of JSON
per domain into the file that CHECKDMARC_OUT names: the worst of our findings, and its errors and warnings.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

resolver, folder = sys.argv[1], Path(sys.argv[2])
# Its web client asks the system's resolver; the lab has a mount namespace of its own.
(folder / "resolv.conf").write_text(f"nameserver {resolver}\n")
subprocess.run(["mount", "--bind", folder / "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(folder / "ca.pem")

import checkdmarc  # noqa: E402  (the certificates have to be known before)
from checkdmarc.mta_sts import check_mta_sts  # noqa: E402
from checkdmarc.smtp import check_mx  # noqa: E402
from checkdmarc.smtp_tls_reporting import check_smtp_tls_reporting  # noqa: E402


def said(result):
    words = [f"error: {result['error']}"] if "error" in result else []
    return words + [f"warning: {warning}" for warning in result.get("warnings", [])]


def one(domain):
    options = {"nameservers": [resolver], "timeout": 2.0}
    try:
        sts = check_mta_sts(domain, **options)
        patterns = sts["policy"]["mx"] if sts["valid"] else None
        mx = check_mx(domain, mta_sts_mx_patterns=patterns, check_mx_tls=True, **options)
        reporting = check_smtp_tls_reporting(domain, **options)
        hosts = [{key: host.get(key) for key in ("hostname", "tls", "starttls")} for host in mx.get("hosts", [])]
        return {"mta_sts": said(sts), "mx": said(mx), "hosts": hosts, "tlsrpt": said(reporting)}
    except Exception as error:  # noqa: BLE001  (a crash is a result too)
        return {"crash": f"{type(error).__name__}: {error}"}


def main():
    ours = {}
    for line in (folder / "verdicts.jsonl").read_text().splitlines():
        verdict = json.loads(line)
        findings = [f"{finding['severity']} {finding['id']}" for finding in verdict["findings"]]
        ours[verdict["domain"]] = findings
    domains = (folder / "list").read_text().split()
    with ThreadPoolExecutor(max_workers=16) as pool, open(os.environ["CHECKDMARC_OUT"], "w") as out:
        for domain, theirs in zip(domains, pool.map(one, domains)):
            line = {"domain": domain, "ours": ours[domain], "theirs": theirs, "version": checkdmarc.__version__}
            print(json.dumps(line), file=out)


main()
