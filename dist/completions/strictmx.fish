# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_strictmx_global_optspecs
    string join \n c/config= log= v/verbose journal-stream= h/help V/version
end

function __fish_strictmx_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_strictmx_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_strictmx_using_subcommand
    set -l cmd (__fish_strictmx_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c strictmx -n "__fish_strictmx_needs_command" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_needs_command" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_needs_command" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_needs_command" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_needs_command" -s V -l version -d 'Print version'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "serve" -d 'Run the daemon: every service whose section is in the config'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "explain" -d 'Show what a sender would do for a domain, step by step, and why'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "check" -d 'Check a domain: everything that is wrong with its MTA-STS, DANE and TLS reporting, whose it is to mend, and how'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "cache" -d 'Look into the running daemon\'s policy cache, or change it'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "report" -d 'Look at TLS reports: what was counted, what is sent; tell of sessions, send now, make keys'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "config" -d 'Check the config, show the effective one, or print the commented default'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "man" -d 'Print the manual page, or write all of them into a folder'
complete -c strictmx -n "__fish_strictmx_using_subcommand serve" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand serve" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand serve" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand serve" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand explain" -l map -d 'Show the answer of this map alone (default: of every map)' -r -f -a "postfix\t''
postfix-3.10\t''
postfix-3.3\t''
sendmail\t''
QUERY\t''
QUERYwithTLSRPT\t''
sts\t''"
complete -c strictmx -n "__fish_strictmx_using_subcommand explain" -l format -d 'For people or for programs' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand explain" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand explain" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand explain" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand explain" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l from -d 'Check every domain of this list: one a line, or `rank,domain`; `-`: standard input' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l format -d 'How the result is written (default: text; with --resume: jsonl)' -r -f -a "text\t'For people'
json\t'One JSON value'
jsonl\t'One JSON object a line, each as soon as it is there'
sarif\t'SARIF 2.1.0, for code scanners'"
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l only -d 'Only these families of checks' -r -f -a "record\t'The `_mta-sts` record'
host\t'The policy host'
policy\t'The policy\'s text'
mx\t'The MX records, and whether the policy covers them'
sts\t'record, host, policy and mx together'
smtp\t'Each MX host over SMTP'
dane\t'DANE beside it'
tlsrpt\t'The TLS reporting record'
time\t'What only time shows'"
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l concurrency -d 'Domains looked at side by side (default: 8; with --from: 128)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l helo -d 'Our own name, as told to MX hosts (default: `policyd.helo` of the config, else this host\'s name)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l port -d 'The port that MX hosts listen on' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l expect-mx -d 'The only MX hosts that may be there' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l expect-alias -d 'Where mta-sts.DOMAIN is to point by CNAME' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l expect-rua -d 'An address that the TLS reporting record must name, such as mailto:tls@example.com' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l expect-policy -d 'The policy text that is meant to be served' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l change-at -d 'When a change of MX or policy is planned, such as 2026-12-24 (UTC)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l certificate-days -d 'Warn when a certificate ends within so many days' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l testing-days -d 'Warn when `testing` has lasted so many days' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l save -d 'Write what was seen into this file: one JSON object, or one a line for several domains' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l replay -d 'Judge what was seen and saved before; nothing is looked at' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l resume -d 'Append the results to this file, and leave out the domains that are in it' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l watch -d 'Look again and again, and tell what breaks once, and once more when it is mended, until Ctrl-C' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l stats -d 'Count the causes in the output of `--format jsonl`' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l policy-file -d 'Check this policy, which need not be published (`-`: standard input)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l mx -d 'The MX hosts that the policy has to cover' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l txt -d 'The _mta-sts record that goes with it, such as \'v=STSv1; id=20261122;\'' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l thorough -d 'Ask every name server, try other TLS versions, look for misplaced records (default for domains named here)'
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l quick -d 'Only what senders do: record, policy, MX hosts (default for --from)'
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l probe-destinations -d 'Try out the addresses that reports go to: name the recipient to its mail host, post a small report'
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l schema -d 'Print the JSON Schema of what --format json and jsonl write'
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -l list -d 'Print every check there is'
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -f -a "list" -d 'List the policies known, one line each'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -f -a "show" -d 'Show all that is known of a domain: policy, id, dates, history, failures'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -f -a "refresh" -d 'Ask for a policy again now, whatever its id says; a failure keeps the one there is'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -f -a "purge" -d 'Forget a policy; the next query looks it up afresh'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and not __fish_seen_subcommand_from list show refresh purge import" -f -a "import" -d 'Take over the cache of another policy server'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from list" -l format -d 'For people or for programs' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from list" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from list" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from list" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from list" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from show" -l format -d 'For people or for programs' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from show" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from show" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from show" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from refresh" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from refresh" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from refresh" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from refresh" -l all -d 'Every domain in the cache'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from refresh" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from purge" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from purge" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from purge" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from purge" -l all -d 'Every domain in the cache'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from purge" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from purge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from import" -l from -d 'Which program wrote the file' -r -f -a "tlspol\t'What `postfix-tlspol -export` printed'
mta-sts-resolver\t'The SQLite cache of postfix-mta-sts-resolver'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from import" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from import" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from import" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from import" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand cache; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "today" -d 'Show what was counted today: sessions and failures by domain, and whose TLS broke since yesterday'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "emit" -d 'Tell the collector of sessions: from flags, from standard input, or from a Postfix log'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "preview" -d 'Show what would be sent about a domain, from what was counted'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "list" -d 'List reports, one line each: the newest day first'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "show" -d 'Show a report: how far it is, where it went, what was said, and the report itself'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "send" -d 'Send reports now, instead of waiting for their time'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "resend" -d 'Send a report once more: the same octets with the same id, whatever became of it'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "keygen" -d 'Make keys that sign report mails (RSA and Ed25519), and show what to publish'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and not __fish_seen_subcommand_from today emit preview list show send resend keygen bounce" -f -a "bounce" -d 'Take a mail that came back, on standard input, and leave its address in peace'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -l day -d 'Another day, UTC (default: today)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -l limit -d 'Domains that are shown at most' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -l format -d 'For people or for programs' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from today" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l domain -d 'The recipient domain of one session; without it, sessions are read' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l policy -d 'Which policy it was held to' -r -f -a "sts\t'MTA-STS'
tlsa\t'DANE'
no-policy-found\t'Neither'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l policy-domain -d 'The policy\'s domain (default: the recipient domain; of tlsa, the MX host)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l policy-string -d 'A line of the policy, or a TLSA record; once for each' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l mx-host -d 'An MX pattern of the policy; once for each' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l result -d '`success`, or what failed, such as certificate-expired' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l mx -d 'The MX host' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l helo -d 'Its name in the reply to EHLO' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l ip -d 'Its address' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l sending-ip -d 'Our own address' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l reason -d 'More about a failure: a code or a short text' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l record -d 'The domain\'s TLSRPT record, if known' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l postfix-log -d 'Take sessions from this log of Postfix\'s (`-`: standard input)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l zone -d 'Time zone of log lines without one, as hours from UTC, such as +01:00 (default: this machine\'s)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -l print -d 'Print what would be told, one JSON object a line, and tell nobody'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from emit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -l day -d 'Of which day (default: the newest with sessions)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -l format -d 'For people, the report as it is, or the mail that would carry it' -r -f -a "text\t'For people'
json\t'The report itself (RFC 8460 §4.4)'
mail\t'The mail, signed'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -l mx-host -d 'The report for an MX host, about its own DANE policy'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from preview" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -l day -d 'Of this day alone' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -l state -d 'As far as this alone' -r -f -a "composed\t'Waits for its time'
sending\t'Some destinations are still to be tried'
sent\t'One destination at least has it'
failed\t'No destination took it'
withheld\t'There is none to send, and why'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -l limit -d 'How many at most' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -l format -d 'For people or for programs (one JSON object a line)' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from show" -l day -d 'Of which day (default: the newest there is)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from show" -l format -d 'For people or for programs' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from show" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from show" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from show" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from send" -l day -d 'Of this day alone' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from send" -l format -d 'For people or for programs (one JSON object a line)' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from send" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from send" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from send" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from send" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from resend" -l day -d 'Of which day' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from resend" -l format -d 'For people or for programs (one JSON object a line)' -r -f -a "text\t'For people'
json\t'For programs: complete'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from resend" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from resend" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from resend" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from resend" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from resend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -l selector -d 'What the keys\' names in the DNS begin with: SELECTOR-rsa and SELECTOR-ed' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -l domain -d 'The domain that signs (default: that of `[reporter] contact`)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -l out -d 'The folder for the key files' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from keygen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from bounce" -l to -d 'The address that the mail came to (default: it is looked for in the mail)' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from bounce" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from bounce" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from bounce" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from bounce" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand report; and __fish_seen_subcommand_from bounce" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -f -a "check" -d 'Read the config and say what is wrong with it: exit 0, or 78 with errors'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -f -a "print" -d 'Print the effective config, defaults filled in'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and not __fish_seen_subcommand_from check print default" -f -a "default" -d 'Print a config in which every setting stands with its default and what it is for'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from check" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from check" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from check" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from print" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from print" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from print" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from print" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from print" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from default" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from default" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from default" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from default" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand config; and __fish_seen_subcommand_from default" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand completions" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand completions" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand completions" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand completions" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c strictmx -n "__fish_strictmx_using_subcommand man" -l dir -d 'Write strictmx(1), a page for each command and strictmx.toml(5) into this folder' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand man" -s c -l config -d 'The config file (default: ./strictmx.toml, then /etc/strictmx/strictmx.toml)' -r -F
complete -c strictmx -n "__fish_strictmx_using_subcommand man" -l log -d 'How log lines are written to stderr (default: `log.format` of the config)' -r -f -a "text\t'One line for people, coloured on a terminal'
json\t'One JSON object a line'"
complete -c strictmx -n "__fish_strictmx_using_subcommand man" -l journal-stream -d 'Set by systemd where stderr is the journal: log lines then carry its priorities and no time of their own' -r
complete -c strictmx -n "__fish_strictmx_using_subcommand man" -s v -l verbose -d 'More log lines; twice for still more'
complete -c strictmx -n "__fish_strictmx_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
