# Starts programs for a larger process: a fork costs by the memory of who forks, and this stays small.
#
# standard input   R <length>\n<fields>       start: id, folder, 1 for an input (0 for none), number of arguments, arguments,
#                                            NAME=value..., parted by NUL
#                  E <length>\n<fields>       the variables that every program after it has: NAME=value..., parted by NUL
#                  K <id> <signal>\n          signal the program's group
#                  I <length>\n<id>NUL<bytes> more for the program's input
#                  C <id>\n                   the program's input ends, after what was given
#                  end of file                kill everything and leave: whoever started us is gone
# standard output  S <id> <pid> <ticks>\n     started; clock ticks since boot, or - where unknown
#                  F <id> <what> <errno>\n    not started; what: chdir or exec
#                  O <id> <1|2> <length>\n    output of stdout or stderr; that many bytes follow
#                  X <id> <code> <signal>\n   ended, nothing it started is left, its output is complete
#
# arguments        numbers of the system calls prctl(2) and clone(2) on this machine; none where there are none
#
# A subreaper gets every orphan among its descendants as its own child, whatever session it moved to. So what a program leaves
# behind is found here when the program ends. Which program an orphan is of stands in its environment (TROUPE_PROGRAM); one that
# has cleared it goes with the last program that could have started it.
use strict;
use warnings;
use Errno qw(EINTR EAGAIN);
BEGIN { require __FILE__ =~ s{[^/]*\z}{$_}r for qw(server.pl forker.pl) }

# POSIX is left out, and so is all that is not needed: what is loaded here is copied at every fork
use constant WNOHANG => 1;
use constant { PR_SET_PDEATHSIG => 1, PR_SET_CHILD_SUBREAPER => 36 };
my $drain_seconds = 1;    # where we are no subreaper, a daemon that left the group may hold the output for ever
my $server = $$;
my ($prctl, $clone) = @ARGV;
begin_forker($clone);
my $adopts = defined $prctl && syscall($prctl + 0, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
my (%program, %id_of, %writer, %straying);
my $requests = '';
our %reader;

pipe(my $wake_reader, my $wake_writer) or die "pipe: $!";
unblock($_) for ($wake_reader, $wake_writer);
$SIG{CHLD} = sub { syswrite($wake_writer, 'c') };
$SIG{PIPE} = 'IGNORE';
$SIG{$_} = 'IGNORE' for qw(INT HUP);    # Ctrl-C is for whoever started us

while (1) {
    my ($set, $takers) = ('', '');
    vec($set, fileno($_), 1) = 1 for (*STDIN, $wake_reader, map { $_->{handle} } values %reader);
    vec($takers, fileno($_->{handle}), 1) = 1 for grep { length $_->{bytes} } values %writer;
    my $ready = select($set, $takers, undef, nearest_deadline());
    next if $ready < 0 && $! == EINTR;
    if ($ready == 0) { $_->{looks}++ for ending() }
    read_requests() if vec($set, fileno(*STDIN), 1);
    read_output($_) for grep { vec($set, fileno($_->{handle}), 1) } values %reader;
    give_input($_) for grep { vec($takers, fileno($writer{$_}{handle}), 1) } keys %writer;
    reap() if $ready == 0 || vec($set, fileno($wake_reader), 1);
    give_up_draining();
    flush_answers();
}

sub read_requests {
    my $got = sysread(*STDIN, $requests, 65536, length $requests);
    return if !defined $got && $! == EINTR;
    leave() if !$got;
    while ($requests =~ /\A([REKIC]) (\d+)(?: (\w+))?\n/) {
        my ($kind, $number, $signal, $head) = ($1, $2, $3, $+[0]);
        if ($kind eq 'K' || $kind eq 'C') {
            signal_group($signal, $program{$number}{pid}) if $kind eq 'K' && $program{$number} && !$program{$number}{reaped};
            end_input($number) if $kind eq 'C';
            substr($requests, 0, $head) = '';
            next;
        }
        last if length($requests) < $head + $number;
        my $fields = substr($requests, $head, $number);
        substr($requests, 0, $head + $number) = '';
        if ($kind eq 'R') { start(split /\0/, $fields, -1) }
        elsif ($kind eq 'I') { take_input(split /\0/, $fields, 2) }
        else { give_environment($fields) }
    }
}

# one that is stopped hears nothing until it goes on
sub signal_group {
    my ($signal, $group) = @_;
    kill("-$signal", $group);
    kill('-CONT', $group) if $signal eq 'TERM';
}

sub start {
    my ($id, $folder, $has_input, $count, @rest) = @_;
    my @command = splice(@rest, 0, $count);
    pipe(my $out, my $out_writer) && pipe(my $err, my $err_writer) or return fail($id, 'exec', $!);
    my ($in, $in_writer);
    if ($has_input) { pipe($in, $in_writer) or return fail($id, 'exec', $!) }
    my $pid = fork_program($id, $folder, \@command, [@rest, "TROUPE_PROGRAM=$server.$id"], [$in, $out_writer, $err_writer]);
    return fail($id, 'exec', $!) if !defined $pid;
    setpgrp($pid, $pid);    # both sides do it: whoever comes first
    close $_ for ($out_writer, $err_writer);
    my $ticks = (stat_of($pid))[19] // '-';
    $program{$id} = { pid => $pid, open => 2, looks => 0, ticks => $ticks };
    $id_of{$pid} = $id;
    watch($id, 1, $out);
    watch($id, 2, $err);
    if ($has_input) {
        close $in;
        unblock($in_writer);
        $writer{$id} = { handle => $in_writer, bytes => '', ends => 0 };
    }
    answer("S $id $pid $ticks\n");
}

sub become {
    setpgrp(0, 0);
    if ($adopts) {    # should we be killed, nobody adopts its children any more, but it dies itself
        syscall($prctl + 0, PR_SET_PDEATHSIG, 9, 0, 0, 0);
        kill 'KILL', $$ if getppid() != $server;
    }
    become_program(@_);
}

sub take_input {
    my ($id, $bytes) = @_;
    $writer{$id}{bytes} .= $bytes if $writer{$id};
}

sub end_input {
    my ($id) = @_;
    my $writer = $writer{$id} or return;
    $writer->{ends} = 1;
    drop_input($id) if !length $writer->{bytes};
}

sub give_input {
    my ($id) = @_;
    my $writer = $writer{$id};
    my $written = syswrite($writer->{handle}, $writer->{bytes});
    return if !defined $written && ($! == EINTR || $! == EAGAIN);
    return drop_input($id) if !defined $written;    # nobody reads it any more
    substr($writer->{bytes}, 0, $written) = '';
    drop_input($id) if $writer->{ends} && !length $writer->{bytes};
}

sub drop_input {
    my ($id) = @_;
    my $writer = delete $writer{$id} or return;
    close $writer->{handle};
}

sub closed {
    my ($id) = @_;
    $program{$id}{open}--;
    finish_those_that_are_over();
}

sub reap {
    sysread($wake_reader, my $drop, 4096);
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) {
        my $status = $?;
        my $id = delete $id_of{$pid};
        next if !defined $id;
        kill('-KILL', $pid);    # what the program started and left behind
        drop_input($id);
        my $program = $program{$id};
        @$program{qw(reaped status deadline)} = (1, $status, time + 1 + $drain_seconds);
        read_failures();
    }
    end_strays();
    finish_those_that_are_over();
}

# each that dies wakes us again, and has given us its own children by then
sub end_strays {
    %straying = ();
    return if !$adopts;
    for my $pid (grep { !exists $id_of{$_} && !is_forker($_) } children()) {
        my @stat = stat_of($pid);
        next if !@stat || $stat[0] eq 'Z';
        my $owner = owner_of($pid);
        next if defined $owner ? is_running($owner) : grep { is_running($_) && $program{$_}{ticks} <= $stat[19] } keys %program;
        $straying{ $owner // 'unknown' } = 1;
        kill_with_group($pid, $stat[2]);
    }
}

sub is_running {
    my ($id) = @_;
    return $program{$id} && !$program{$id}{reaped};
}

# a group as a whole, since its members could be starting new ones; never our own
sub kill_with_group {
    my ($pid, $group) = @_;
    kill('-KILL', $group) if $group != getpgrp() && !is_running($id_of{$group} // '');
    kill('KILL', $pid);
}

sub owner_of {
    my ($pid) = @_;
    open(my $environment, '<', "/proc/$pid/environ") or return undef;
    local $/;
    my $text = <$environment> // '';
    return $text =~ /(?:\A|\0)TROUPE_PROGRAM=$server\.(\d+)(?:\0|\z)/ ? $1 : undef;
}

sub children {
    if (open(my $list, '<', "/proc/$$/task/$$/children")) { return split ' ', <$list> // '' }
    opendir(my $processes, '/proc') or return ();
    return grep { /\A\d+\z/ && ((stat_of($_))[1] // 0) == $$ } readdir $processes;
}

sub finish_those_that_are_over {
    for my $id (grep { $program{$_}{reaped} && $program{$_}{open} == 0 } keys %program) {
        finish($id) if !$straying{$id} && !$straying{unknown};
    }
}

sub finish {
    my ($id) = @_;
    my $program = delete $program{$id};
    tell_end($id, $program->{status});
}

# Perl runs a signal's handler between its own steps: one that comes right before select() sleeps wakes nobody, so we look by ourselves;
# soon and ever more seldom where a program has closed its output, since its death most likely comes while we deal with that
sub nearest_deadline {
    return 0.2 if grep { $_->{reaped} } values %program;
    my ($looks) = sort { $a <=> $b } map { $_->{looks} } ending();
    return defined $looks ? 0.002 * 2**$looks : %id_of ? 1 : undef;
}

sub ending { grep { !$_->{reaped} && $_->{open} == 0 && $_->{looks} < 9 } values %program }

sub give_up_draining {
    for my $id (grep { $program{$_}{reaped} && time > $program{$_}{deadline} } keys %program) {
        forget($_) for grep { $_->{id} == $id } values %reader;
        finish($id);
    }
}

# the fields after the name: state, parent, group, ..., and in [19] the clock ticks since boot at which it started
sub stat_of {
    my ($pid) = @_;
    open(my $stat, '<', "/proc/$pid/stat") or return ();
    my $line = <$stat> // '';
    return $line =~ /.*\) (.*)/s ? split(/ /, $1) : ();
}

sub leave {
    kill('-KILL', $_->{pid}) for grep { !$_->{reaped} } values %program;
    my $deadline = time + 5;    # a process may be inside a call that does not return
    while ($adopts && time < $deadline) {
        1 while waitpid(-1, WNOHANG) > 0;
        my @left = children() or last;
        kill_with_group($_, (stat_of($_))[2] // getpgrp()) for @left;
        select(undef, undef, undef, 0.005);    # a death ends the wait
    }
    exit 0;
}
