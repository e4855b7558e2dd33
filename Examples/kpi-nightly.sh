#!/bin/sh
# A nightly job that delivers the day's KPI figures to Atobi, each once. For cron:  15 2 * * * /path/to/kpi-nightly.sh FILE
# In the sandbox:  integrate sandbox -- sh Examples/kpi-nightly.sh
#
# It keeps a journal beside the file, so whenever it is run again it goes on where it stopped.
set -u
examples=$(cd "$(dirname "$0")" && pwd)
if [ $# -gt 0 ]; then
    file=$1
else
    # The example's journal is not to stay in this folder.
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    file=$folder/kpis.csv
    cp "$examples/kpis.csv" "$file"
fi
pause=${KPI_PAUSE:-300}
tries=${KPI_TRIES:-5}

while :; do
    integrate send-kpi "$file" --context sales --no-input
    code=$?
    case $code in
    0)
        echo "$file: every figure is delivered"
        exit 0
        ;;
    69 | 75)
        # Unreachable, or still throttled: the same command goes on where this one stopped.
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            echo "$file: not finished; the next run goes on" >&2
            exit "$code"
        fi
        sleep "$pause"
        ;;
    1 | 2)
        # Somebody has to correct the file, then: integrate journal retry FILE.journal
        integrate journal show "$file.journal" >&2
        exit "$code"
        ;;
    3)
        # Some answers were lost. Whether a second delivery does harm, only a person at Atobi's end can see.
        integrate journal show "$file.journal" >&2
        exit "$code"
        ;;
    *)
        # 65, 66, 77, 78, 130, ...: what to do is on standard error, and nothing is sent twice by running it again.
        exit "$code"
        ;;
    esac
done
