# shellcheck shell=bash
# A PostgreSQL server of one's own in one directory: Unix socket only, no TCP, no durability (it is
# meant for tests and trials). To be sourced; works for root (who may not run PostgreSQL: it drops
# to another user) and for anyone else.
#
#   start_private_postgres DIR   creates what is missing in DIR, starts the server, waits for it
#   start_private_postgres DIR durable     the same with every commit on the disk, for measurements
#   private_postgres_url DIR     prints how to connect to it
#   stop_private_postgres DIR    stops it, by the process id that it wrote down

# Prints the folder with initdb and postgres: the newest of Debian's, else pg_config's, else PATH's.
find_postgres_bin() {
  local candidate found=''
  for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5V); do
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then found=$candidate; fi
  done
  if [ -z "$found" ] && command -v pg_config >/dev/null 2>&1; then
    candidate=$(pg_config --bindir)
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then found=$candidate; fi
  fi
  if [ -z "$found" ] && command -v initdb >/dev/null 2>&1; then
    found=$(dirname "$(command -v initdb)")
  fi
  if [ -z "$found" ]; then
    echo "no PostgreSQL server found: install it with: apt-get install postgresql" >&2
    return 1
  fi
  printf '%s\n' "$found"
}

# Prints the user that the server of DIR runs as: whoever calls, or an unprivileged one for root.
_private_postgres_user() {
  local name
  if [ "$(id -u)" -ne 0 ]; then
    id -un
    return
  fi
  for name in postgres nobody; do
    if id -u "$name" >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
  done
  echo "root cannot run PostgreSQL, and there is neither a user postgres nor a user nobody" >&2
  return 1
}

# Runs a command as the server's user, from a folder that this user can enter.
_as_private_postgres() {
  local user=$1
  shift
  if [ "$user" = "$(id -un)" ]; then
    (cd / && exec "$@")
  elif command -v runuser >/dev/null 2>&1; then
    (cd / && exec runuser -u "$user" -- "$@")
  else
    (cd / && exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@")
  fi
}

# Prints the folder of the socket: a path of at most 107 bytes, whatever TMPDIR is.
_private_postgres_socket() {
  cat "$1/socket-folder"
}

# Prints a URL of the server of DIR, as its superuser, for the database postgres.
private_postgres_url() {
  printf 'host=%s user=unroll dbname=postgres\n' "$(_private_postgres_socket "$1")"
}

start_private_postgres() {
  local dir=$1 bin user socket server waited=0 durability
  case ${2:-} in
    durable) durability=() ;;
    *) durability=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off) ;;
  esac
  bin=$(find_postgres_bin) || return
  user=$(_private_postgres_user) || return
  mkdir -p "$dir" || return
  dir=$(cd "$dir" && pwd) || return
  if _private_postgres_pid "$dir" >/dev/null; then return 0; fi
  if [ ! -s "$dir/socket-folder" ]; then
    # Not under TMPDIR, which may be long or closed to the server's user. Only this user (and root)
    # may enter: the server trusts whoever reaches its socket.
    socket=$(mktemp -d /tmp/unroll-pg.XXXXXX) || return
    printf '%s\n' "$socket" >"$dir/socket-folder"
  fi
  socket=$(_private_postgres_socket "$dir")
  mkdir -p "$socket" "$dir/data"
  if [ "$(id -u)" -eq 0 ]; then
    chown "$user" "$socket" "$dir/data"
    if ! _as_private_postgres "$user" test -w "$dir/data"; then
      echo "user $user cannot reach $dir: choose a folder that others may enter" >&2
      return 1
    fi
  fi
  if [ ! -s "$dir/data/PG_VERSION" ]; then
    _as_private_postgres "$user" "$bin/initdb" --pgdata="$dir/data" --username=unroll --auth=trust \
      --encoding=UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || {
      cat "$dir/initdb.log" >&2
      return 1
    }
  fi
  : >"$dir/server.log"
  # Its own session, so that a Ctrl-C in the terminal reaches only who starts and stops it.
  _as_private_postgres "$user" setsid "$bin/postgres" -D "$dir/data" -k "$socket" \
    -c listen_addresses='' -c unix_socket_permissions=0700 -c max_connections=200 \
    "${durability[@]}" >"$dir/server.log" 2>&1 </dev/null &
  server=$!
  while ! "$bin/pg_isready" --quiet --host="$socket" --timeout=1; do
    waited=$((waited + 1))
    if [ "$waited" -gt 600 ] || ! kill -0 "$server" 2>/dev/null; then
      echo "PostgreSQL did not start in $dir:" >&2
      tail -n 20 "$dir/server.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

# Prints the process id of the server of DIR if it runs; a file left by a crash may name a stranger.
_private_postgres_pid() {
  local pid
  [ -s "$1/data/postmaster.pid" ] || return 1
  pid=$(head -n 1 "$1/data/postmaster.pid")
  tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "$1/data" || return 1
  printf '%s\n' "$pid"
}

stop_private_postgres() {
  local dir pid socket waited=0
  [ -d "$1" ] || return 0
  dir=$(cd "$1" && pwd)
  if pid=$(_private_postgres_pid "$dir"); then
    # SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back. SIGQUIT is its
    # immediate one.
    kill -INT "$pid" 2>/dev/null || true
    while _private_postgres_pid "$dir" >/dev/null; do
      waited=$((waited + 1))
      if [ "$waited" -eq 300 ]; then kill -QUIT "$pid" 2>/dev/null || true; fi
      if [ "$waited" -gt 400 ]; then
        echo "PostgreSQL in $dir (process $pid) does not stop" >&2
        return 1
      fi
      sleep 0.1
    done
  fi
  if [ -s "$dir/socket-folder" ]; then
    socket=$(_private_postgres_socket "$dir")
    case $socket in
      /tmp/unroll-pg.*) rm -rf "$socket" ;;
    esac
    rm -f "$dir/socket-folder"
  fi
}
