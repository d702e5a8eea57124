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
complete -c strictmx -n "__fish_strictmx_needs_command" -f -a "cache" -d 'Look into the running daemon\'s policy cache, or change it'
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
