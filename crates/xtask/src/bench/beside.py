"""checkdmarc over a list of domains, as fast as it goes: a process for each core, sixteen domains side by side in each.

Argument: the file with the domains. Prints how many have a valid record and policy, and a valid TLS reporting record.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from checkdmarc.mta_sts import check_mta_sts
from checkdmarc.smtp_tls_reporting import check_smtp_tls_reporting

OPTIONS = {"nameservers": ["127.0.0.1"], "timeout": 5.0}


def one(domain):
    sts = check_mta_sts(domain, **OPTIONS)
    return bool(sts["valid"]) and bool(check_smtp_tls_reporting(domain, **OPTIONS)["valid"])


def some(domains):
    with ThreadPoolExecutor(max_workers=16) as pool:
        return sum(pool.map(one, domains))


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        domains = file.read().split()
    cores = os.cpu_count()
    with ProcessPoolExecutor(max_workers=cores) as pool:
        print(sum(pool.map(some, [domains[core::cores] for core in range(cores)])))


main()
