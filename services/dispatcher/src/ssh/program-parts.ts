/**
 * Pieces that the programs on the host share: POSIX sh, tried with dash, bash and busybox ash. No single quotes, no `!`,
 * no line that ends without `;` or an opening word: the programs are joined to one line and passed in single quotes.
 */

/**
 * `_sy_take` reads one value from standard input, and starts a process only for one that has to be turned back. A program that is cut
 * off while it still reads ends with 90.
 */
export const TAKE = `
  _sy_decode() { case $_sy_value in *\\\\*) _sy_value=$(printf "%bx" "$_sy_value"); _sy_value=\${_sy_value%x};; esac; };
  _sy_take() { IFS= read -r _sy_value || exit 90; _sy_decode; };
`

/** Talking: reads the nonce, and then says control lines with `_sy_say` (see ControlLineParser). */
export const TALK = `
  ${TAKE}
  _sy_say() { printf "\\036%s %s\\n" "$_sy_nonce" "$1"; };
  _sy_nap() { sleep 0.1 2>/dev/null || sleep 1; };
  _sy_take; _sy_nonce=$_sy_value;
`

/**
 * Finding the run folder: reads the root (empty: the default) and the run's id. `_sy_note NAME TEXT` writes a file of the
 * folder whole or not at all.
 */
export const FOLDER = `
  _sy_take; _sy_root=$_sy_value;
  [ -n "$_sy_root" ] || _sy_root=\${SWITCHYARD_RUNS_DIR:-\${XDG_STATE_HOME:-$HOME/.local/state}/switchyard/runs};
  case $_sy_root in /*) ;; *) _sy_root=$PWD/$_sy_root;; esac;
  _sy_take; _sy_run=$_sy_root/$_sy_value;
  _sy_note() { printf "%s\\n" "$2" > "$_sy_run/$1.$$" && mv -f "$_sy_run/$1.$$" "$_sy_run/$1"; };
`

/**
 * Who makes `started` decides, since only one can: the command that was launched, as a file (`set -C`, which opens it exclusively), and
 * it runs; or somebody who looks for the run, as a symbolic link to `never`, and it never will, however late a launch that is
 * still on its way arrives. That is what "provably never started" rests on. `_sy_fence` leaves in `_sy_started` the
 * supervisor's process, which stands in the second line of `life` before there is a `started`, or `never`. A link that
 * names a process is what launches made before.
 */
export const FENCE = `
  _sy_fence() {
    mkdir -p "$_sy_run" && ln -s never "$_sy_run/started" && _sy_note exit never;
    _sy_started=$(readlink "$_sy_run/started") ||
      { [ -e "$_sy_run/started" ] && { IFS= read -r _sy_line && IFS= read -r _sy_started; } < "$_sy_run/life"; };
  };
`

/**
 * Names the life of the host that process ids belong to: after a reboot, or in a new container, they mean other
 * processes. It says nothing where nothing can be found out. In /proc/1/stat the 20th field behind the name is the start
 * time. `_sy_life` leaves the name in a variable, without a process of its own: a launch waits for it.
 */
export const LIFE = `
  _sy_life() {
    _sy_boot=; _sy_stat=; _sy_born=;
    if [ -r /proc/sys/kernel/random/boot_id ]; then IFS= read -r _sy_boot < /proc/sys/kernel/random/boot_id;
    else _sy_boot=$(sysctl -n kern.bootsessionuuid 2>/dev/null); fi;
    if [ -r /proc/1/stat ]; then IFS= read -r _sy_stat < /proc/1/stat; set -- \${_sy_stat##*) }; _sy_born=\${20}; fi;
    _sy_life="$_sy_boot $_sy_born";
  };
  _sy_is_of_this_life() { _sy_life; IFS= read -r _sy_line < "$_sy_run/life" && [ "$_sy_line" = "$_sy_life" ]; };
`

/**
 * Ending a process group: `_sy_end GROUP GRACE DEADLINE` sends SIGTERM, waits so many tenths of a second, sends SIGKILL until none is
 * left or the deadline passes; false when something is left.
 *
 * Where /proc exists, zombies do not count as alive (for `kill -0` they do, until somebody reaps them), and processes that
 * moved to another group of the same session are found and signalled one by one: the command leads its session,
 * so nothing else is in it. In /proc/PID/stat the fields behind the name are state, parent, group, session; see proc(5).
 * `kill -0 -PGID` without `--` is the one form that all shells understand.
 */
export const END = `
  _sy_scan() {
    _sy_alive=; _sy_elsewhere=;
    if [ -r /proc/self/stat ]; then
      for _sy_file in /proc/[0-9]*/stat; do
        { IFS= read -r _sy_stat < "$_sy_file"; } 2>/dev/null || continue;
        set -- \${_sy_stat##*) };
        case $1 in Z|X) continue;; esac;
        if [ "$3" = "$_sy_group" ]; then _sy_alive=yes;
        elif [ "$4" = "$_sy_group" ]; then
          _sy_alive=yes; _sy_file=\${_sy_file#/proc/}; _sy_elsewhere="$_sy_elsewhere \${_sy_file%/stat}";
        fi;
      done;
    else
      kill -0 -$_sy_group 2>/dev/null && _sy_alive=yes;
    fi;
    [ -n "$_sy_alive" ];
  };
  _sy_signal() {
    kill -$1 -$_sy_group 2>/dev/null;
    for _sy_process in $_sy_elsewhere; do kill -$1 $_sy_process 2>/dev/null; done;
  };
  _sy_end() {
    _sy_group=$1; _sy_grace=$2; _sy_wait=$3;
    _sy_scan || return 0;
    _sy_signal TERM;
    while [ "$_sy_grace" -gt 0 ]; do
      _sy_nap; _sy_scan || return 0;
      _sy_grace=$((_sy_grace - 1));
    done;
    while [ "$_sy_wait" -gt 0 ]; do
      _sy_signal KILL; _sy_nap; _sy_scan || return 0;
      _sy_wait=$((_sy_wait - 1));
    done;
    return 1;
  };
`
