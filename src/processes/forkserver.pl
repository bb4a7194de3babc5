# Starts programs for a larger process: a fork costs by the memory of who forks, and this stays small.
#
# standard input   R <length>\n<fields>       start: id, folder, number of arguments, arguments, NAME=value..., parted by NUL
#                  E <length>\n<fields>       the variables that every program after it has: NAME=value..., parted by NUL
#                  K <id> <signal>\n          signal the program's group
#                  end of file                kill every group and leave: whoever started us is gone
# standard output  S <id> <pid> <ticks>\n     started; clock ticks since boot, or - where unknown
#                  F <id> <what> <errno>\n    not started; what: chdir or exec
#                  O <id> <1|2> <length>\n    output of stdout or stderr; that many bytes follow
#                  X <id> <code> <signal>\n   ended, its group is gone, its output is complete
use strict;
use warnings;
use Errno qw(EINTR EAGAIN);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);

# POSIX is left out, and so is all that is not needed: what is loaded here is copied at every fork
use constant WNOHANG => 1;
my $drain_seconds = 1;    # a daemon that left the group may hold the output for ever
my (%program, %id_of, %reader, %exec_failure);
my ($requests, $answers) = ('', '');

pipe(my $wake_reader, my $wake_writer) or die "pipe: $!";
pipe(my $failure_reader, my $failure_writer) or die "pipe: $!";
unblock($_) for ($wake_reader, $wake_writer, $failure_reader);
$SIG{CHLD} = sub { syswrite($wake_writer, 'c') };
$SIG{PIPE} = 'IGNORE';
$SIG{$_} = 'IGNORE' for qw(INT HUP);    # Ctrl-C is for whoever started us
binmode($_) for (*STDIN, *STDOUT);

while (1) {
    my $set = '';
    vec($set, fileno($_), 1) = 1 for (*STDIN, $wake_reader, map { $_->{handle} } values %reader);
    my $ready = select($set, undef, undef, nearest_deadline());
    next if $ready < 0 && $! == EINTR;
    read_requests() if vec($set, fileno(*STDIN), 1);
    read_output($_) for grep { vec($set, fileno($_->{handle}), 1) } values %reader;
    reap() if vec($set, fileno($wake_reader), 1);
    give_up_draining();
    flush_answers();
}

sub read_requests {
    my $got = sysread(*STDIN, $requests, 65536, length $requests);
    return if !defined $got && $! == EINTR;
    leave() if !$got;
    while ($requests =~ /\A([REK]) (\d+)(?: (\w+))?\n/) {
        my ($kind, $number, $signal, $head) = ($1, $2, $3, $+[0]);
        if ($kind eq 'K') {
            kill("-$signal", $program{$number}{pid}) if $program{$number} && !$program{$number}{reaped};
            substr($requests, 0, $head) = '';
            next;
        }
        last if length($requests) < $head + $number;
        my $fields = substr($requests, $head, $number);
        substr($requests, 0, $head + $number) = '';
        if ($kind eq 'R') { start(split /\0/, $fields, -1) }
        else { %ENV = map { split /=/, $_, 2 } split /\0/, $fields, -1 }
    }
}

sub start {
    my ($id, $folder, $count, @rest) = @_;
    my @command = splice(@rest, 0, $count);
    pipe(my $out, my $out_writer) && pipe(my $err, my $err_writer) or return fail($id, 'exec', $!);
    my $pid = fork();
    return fail($id, 'exec', $!) if !defined $pid;
    become($id, $folder, \@command, \@rest, $out_writer, $err_writer) if $pid == 0;
    setpgrp($pid, $pid);    # both sides do it: whoever comes first
    close $_ for ($out_writer, $err_writer);
    $program{$id} = { pid => $pid, open => 2 };
    $id_of{$pid} = $id;
    watch($id, 1, $out);
    watch($id, 2, $err);
    answer("S $id $pid " . ticks($pid) . "\n");
}

sub become {
    my ($id, $folder, $command, $environment, $out, $err) = @_;
    setpgrp(0, 0);
    $SIG{$_} = 'DEFAULT' for qw(CHLD PIPE INT HUP);
    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>&', $out);
    open(STDERR, '>&', $err);
    my $what = 'chdir';
    if (chdir $folder) {
        $what = 'exec';
        for (@$environment) {
            my ($name, $value) = split /=/, $_, 2;
            $ENV{$name} = $value;
        }
        no warnings 'exec';
        exec { $command->[0] } @$command;
    }
    syswrite($failure_writer, "$id $what " . ($! + 0) . "\n");
    kill 'KILL', $$;    # without the clean-up that belongs to the server
}

sub watch {
    my ($id, $stream, $handle) = @_;
    unblock($handle);
    $reader{ fileno $handle } = { id => $id, stream => $stream, handle => $handle };
}

sub read_output {
    my ($reader) = @_;
    my $got = sysread($reader->{handle}, my $bytes, 65536);
    return if !defined $got && ($! == EINTR || $! == EAGAIN);
    if ($got) {
        answer("O $reader->{id} $reader->{stream} $got\n$bytes");
        flush_answers() if length $answers > 262144;    # blocks when nobody reads: then the programs wait, not the memory
        return;
    }
    forget($reader);
    my $program = $program{ $reader->{id} };
    $program->{open}--;
    finish($reader->{id}) if $program->{reaped} && $program->{open} == 0;
}

sub reap {
    sysread($wake_reader, my $drop, 4096);
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) {
        my $status = $?;
        my $id = delete $id_of{$pid};
        next if !defined $id;
        kill('-KILL', $pid);    # what the program started and left behind
        my $program = $program{$id};
        @$program{qw(reaped status deadline)} = (1, $status, time + 1 + $drain_seconds);
        read_failures();
        finish($id) if $program->{open} == 0;
    }
}

sub finish {
    my ($id) = @_;
    my $program = delete $program{$id};
    my $failure = delete $exec_failure{$id};
    return answer("F $id $failure\n") if defined $failure;
    answer(sprintf "X %d %d %d\n", $id, $program->{status} >> 8, $program->{status} & 127);
}

sub read_failures {
    while (sysread($failure_reader, my $lines, 4096)) {
        $exec_failure{$1} = $2 while $lines =~ /^(\d+) (\w+ \d+)\n/gm;
    }
}

sub nearest_deadline {
    my @waiting = grep { $_->{reaped} } values %program;
    return @waiting ? 0.2 : undef;
}

sub give_up_draining {
    for my $id (grep { $program{$_}{reaped} && time > $program{$_}{deadline} } keys %program) {
        forget($_) for grep { $_->{id} == $id } values %reader;
        finish($id);
    }
}

sub forget {
    my ($reader) = @_;
    delete $reader{ fileno $reader->{handle} };
    close $reader->{handle};
}

sub fail {
    my ($id, $what, $error) = @_;
    answer("F $id $what " . ($error + 0) . "\n");
}

sub answer { $answers .= $_[0] }

sub flush_answers {
    while (length $answers) {
        my $written = syswrite(*STDOUT, $answers);
        if (defined $written) { substr($answers, 0, $written) = '' }
        elsif ($! != EINTR) { leave() }
    }
}

sub ticks {
    my ($pid) = @_;
    open(my $stat, '<', "/proc/$pid/stat") or return '-';
    my $line = <$stat>;
    return $line =~ /\) (.*)/s ? (split / /, $1)[19] : '-';
}

sub unblock {
    my ($handle) = @_;
    fcntl($handle, F_SETFL, fcntl($handle, F_GETFL, 0) | O_NONBLOCK);
}

sub leave {
    kill('-KILL', $_->{pid}) for grep { !$_->{reaped} } values %program;
    exit 0;
}
