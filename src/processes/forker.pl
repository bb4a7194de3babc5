# How both servers start a program. Whoever forks has each page copied that it touches afterwards, and a server touches many. So a process
# beside it does nothing but fork for it; what it forks is the server's child and not its own (CLONE_PARENT), so that the server waits for
# it. Without the number of clone(2), or a /proc that is ours, or where the forker cannot, the server forks by itself.
# Whoever takes this in has a sub `become`, which makes a child that has its streams and variables the program, and a sub `leave`.
#
# request   R <length>\n<fields>    id, folder, the server's descriptors for input, output and errors (- for no input), number of arguments,
#                                   arguments, NAME=value..., parted by NUL
#           E <length>\n<fields>    the variables that every program after it has
# answer    <pid>\n to each R, or -1\n where it could not
use strict;
use warnings;
use Errno qw(EINTR);

use constant { CLONE_PARENT => 0x8000, SIGCHLD => 17 };
my $forker;
my ($for_forker, $from_forker);

sub begin_forker {
    my ($clone) = @_;
    return if !defined $clone || (readlink('/proc/self') // '') ne $$;
    pipe(my $requests, my $request_writer) && pipe(my $pid_reader, my $pids) or return;
    my $server = $$;
    my $pid = fork() // return;
    if ($pid == 0) {
        close $_ for ($request_writer, $pid_reader);
        serve_forks($clone + 0, "/proc/$server/fd", $requests, $pids);
        kill 'KILL', $$;    # without the clean-up that belongs to the server
    }
    ($forker, $for_forker, $from_forker) = ($pid, $request_writer, $pid_reader);
}

sub is_forker { defined $forker && $_[0] == $forker }

sub give_environment {
    my ($fields) = @_;
    set_environment($fields);
    tell_forker('E', $fields) if $forker;
}

# the new process, or undef with the reason in $!
sub fork_program {
    my ($id, $folder, $command, $environment, $streams) = @_;
    return fork_here(@_) if !$forker;
    my @descriptors = map { $_ ? fileno $_ : '-' } @$streams;
    tell_forker('R', join "\0", $id, $folder, @descriptors, scalar @$command, @$command, @$environment);
    my $answer = '';
    until ($answer =~ /\n/) {
        my $got = sysread($from_forker, $answer, 64, length $answer);
        leave() if defined $got ? !$got : $! != EINTR;
    }
    return $answer > 0 ? $answer + 0 : fork_here(@_);    # it may not be allowed to
}

sub fork_here {
    my ($id, $folder, $command, $environment, $streams) = @_;
    my $pid = fork();
    return $pid if !defined $pid || $pid > 0;
    $SIG{$_} = 'DEFAULT' for qw(CHLD PIPE INT HUP);
    open(STDIN, '<&', $streams->[0]) if $streams->[0];
    open(STDIN, '<', '/dev/null') if !$streams->[0];
    open(STDOUT, '>&', $streams->[1]);
    open(STDERR, '>&', $streams->[2]);
    %ENV = (%ENV, variables(@$environment));
    become($id, $folder, $command);
}

sub tell_forker {
    my ($kind, $fields) = @_;
    write_whole($for_forker, "$kind " . length($fields) . "\n$fields");
}

sub set_environment { %ENV = variables(split /\0/, $_[0], -1) }

sub variables { map { split /=/, $_, 2 } @_ }

# the forker's life: all that can be done before the fork is, since what a child touches is copied for it
sub serve_forks {
    my ($clone, $descriptors, $requests, $pids) = @_;
    open(STDIN, '<', '/dev/null');
    close $_ for (*STDOUT, *STDERR);
    my $text = '';
    while (sysread($requests, $text, 65536, length $text)) {
        while (substr($text, 0, 64) =~ /\A([RE]) (\d+)\n/ && length($text) >= $+[0] + $2) {
            my ($kind, $fields) = ($1, substr($text, $+[0], $2));
            substr($text, 0, $+[0] + $2) = '';
            if ($kind eq 'E') { set_environment($fields) }
            else { syswrite($pids, fork_next($clone, $descriptors, split /\0/, $fields, -1) . "\n") }
        }
    }
}

sub fork_next {
    my ($clone, $descriptors, $id, $folder, $in, $out, $err, $count, @rest) = @_;
    my @command = splice(@rest, 0, $count);
    my %added = variables(@rest);
    local @ENV{ keys %added } = values %added;
    my $opened = ($in eq '-' || open(STDIN, '<', "$descriptors/$in"))
        && open(STDOUT, '>', "$descriptors/$out")
        && open(STDERR, '>', "$descriptors/$err");
    my $pid = $opened ? syscall($clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) : -1;
    become($id, $folder, \@command) if $pid == 0;
    close $_ for (*STDOUT, *STDERR);
    open(STDIN, '<', '/dev/null') if $in ne '-';
    return $pid;
}

1;
