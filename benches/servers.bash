# Sourced by the scripts that compare servers: a temporary folder, a PostgreSQL server and daemons. All
# processes end with the script, and the folder goes.

dir=$(mktemp -d)
# PostgreSQL, which runs as another user, has a folder in it.
chmod 711 "$dir"
pids=()
finish() {
    for pid in $(jobs -p); do pkill -P "$pid" || true; done
    # Daemons before the database server, which started first.
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        kill -INT "${pids[index]}" 2>/dev/null || true
        wait "${pids[index]}" 2>/dev/null || true
    done
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

# fail MESSAGE
fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# need PROGRAM…
need() {
    local program
    for program; do
        command -v "$program" >/dev/null ||
            fail "$program is missing: apt-get install postgresql wrk curl git python3-venv"
    done
}

# install_python REQUIREMENTS VENV: once, and again when the requirements change
install_python() {
    if cmp -s "$1" "$2/requirements.txt"; then return; fi
    rm -rf "$2"
    python3 -m venv "$2"
    "$2/bin/pip" install --quiet --disable-pip-version-check --requirement "$1"
    cp "$1" "$2/requirements.txt"
}

progress() { echo "$(date +%T) $*" >&2; }

# wait_for LOG COMMAND…: until the command succeeds, for a minute, while the last started process runs
wait_for() {
    local log=$1 end=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        if ! kill -0 "${pids[-1]}" 2>/dev/null || ((SECONDS > end)); then
            cat "$log" >&2
            fail "a server did not start"
        fi
        sleep 0.05
    done
}

# Starts PostgreSQL with its default configuration, reached by the socket in $postgres. It refuses to run as
# root, so root runs it as another user.
start_postgres() {
    local as=() programs
    # Debian does not put the programs of the server on the PATH.
    programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    PATH=$PATH${programs:+:$programs}
    postgres=$dir/postgres
    mkdir "$postgres"
    if [ "$(id -u)" = 0 ]; then
        local user=nobody
        if id postgres >/dev/null 2>&1; then user=postgres; fi
        as=(setpriv "--reuid=$user" "--regid=$user" --clear-groups --)
        chown "$user" "$postgres"
    fi
    (cd "$postgres" && "${as[@]}" initdb --pgdata=data --username=bench --auth=trust --encoding=UTF8 \
        --locale=C.UTF-8) >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; fail "initdb failed"; }
    (cd "$postgres" && exec "${as[@]}" postgres -D data -h '' -k "$postgres") >"$dir/postgres.log" 2>&1 &
    pids+=($!)
    wait_for "$dir/postgres.log" pg_isready -q -h "$postgres" -U bench -d postgres
}

# sql DATABASE STATEMENT…: each in a transaction of its own
sql() {
    local database=$1 statement arguments=()
    shift
    for statement in "$@"; do arguments+=(-c "$statement"); done
    psql -h "$postgres" -U bench -d "$database" -v ON_ERROR_STOP=1 -qAtX "${arguments[@]}"
}

# The version of PostgreSQL, such as 15.8.
version() { sql postgres 'SHOW server_version' | cut -d ' ' -f 1; }

# When the figures were recorded, and which programs they measure.
recorded() {
    if [ -n "${BIN_DIR:-}" ]; then
        echo "Recorded on $(date -I) with the programs in $BIN_DIR"
    else
        echo "Recorded on $(date -I) in commit $(git describe --always --dirty)"
    fi
}

# postgres_url DATABASE
postgres_url() {
    echo "postgres://bench@localhost/$1?host=$postgres"
}

# start_eventd NAME DATABASE-URL: sets $address, such as 127.0.0.1:34567
start_eventd() {
    "$bin/eventd" serve --limits off --database "$2" --listen 127.0.0.1:0 >"$dir/$1.out" 2>"$dir/$1.log" &
    pids+=($!)
    wait_for "$dir/$1.log" grep -q '^listening on ' "$dir/$1.out"
    address=$(sed -n 's|^listening on http://||p' "$dir/$1.out")
}

# Ends the process that was started last.
stop_last() {
    kill -INT "${pids[-1]}"
    wait "${pids[-1]}" || true
    unset 'pids[-1]'
}

# median FILE: of the numbers in it, one a line
median() {
    sort -g "$1" | awk '{ numbers[NR] = $1 } END { print numbers[int((NR + 1) / 2)] }'
}

# Separates the thousands of the numbers in its input by commas.
thousands() {
    sed ':a; s/\B[0-9]\{3\}\>/,&/; ta'
}

# number NUMBER: as tables show it, small ones with a fraction
number() {
    awk -v number="$1" 'BEGIN {
        whole = number >= 10 || number == int(number)
        printf (whole ? "%.0f" : number < 1 ? "%.2f" : "%.1f"), number
    }' | thousands
}

# cell FILE: the median, and the lowest and the highest figure
cell() {
    sort -g "$dir/$1" >"$dir/sorted"
    echo "$(number "$(median "$dir/sorted")")" \
        "($(number "$(head -n 1 "$dir/sorted")")–$(number "$(tail -n 1 "$dir/sorted")"))"
}

# compared FILE WITH AIM: the ratio of two medians, and whether it is at least the aim, if there is one
compared() {
    awk -v a="$(median "$dir/$1")" -v b="$(median "$dir/$2")" -v aim="$3" 'BEGIN {
        printf (a / b < 10 ? "%.2f ×" : "%.0f ×"), a / b
        if (aim != "") printf ", aim %s: %s", aim, (a / b < aim ? "missed" : "met")
    }'
}
