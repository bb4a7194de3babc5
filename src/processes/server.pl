# What both servers are made of: how a program is executed, and how its output and its end are told, in the lines that forkserver.pl
# documents. Whoever takes this in has a sub `closed` (the id of a program that has closed one of its outputs) and a sub `leave`.
use strict;
use warnings;
use Errno qw(EINTR EAGAIN);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);

our %reader;
our $answers = '';
my %exec_failure;

pipe(our $failure_reader, our $failure_writer) or die "pipe: $!";
unblock($failure_reader);
binmode($_) for (*STDIN, *STDOUT);

# in the child, which has its streams and variables: becomes the program, or tells why it cannot
sub become_program {
    my ($id, $folder, $command) = @_;
    my $what = 'chdir';
    if (chdir $folder) {
        $what = 'exec';
        no warnings 'exec';
        exec { $command->[0] } @$command;
    }
    syswrite($failure_writer, "$id $what " . ($! + 0) . "\n");
    kill 'KILL', $$;    # without the clean-up that belongs to the server
}

sub read_failures {
    while (sysread($failure_reader, my $lines, 4096)) {
        $exec_failure{$1} = $2 while $lines =~ /^(\d+) (\w+ \d+)\n/gm;
    }
}

sub tell_end {
    my ($id, $status) = @_;
    my $failure = delete $exec_failure{$id};
    return answer("F $id $failure\n") if defined $failure;
    answer(sprintf "X %d %d %d\n", $id, $status >> 8, $status & 127);
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
    closed($reader->{id});
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
    write_whole(*STDOUT, $answers);
    $answers = '';
}

sub write_whole {
    my ($handle, $text) = @_;
    while (length $text) {
        my $written = syswrite($handle, $text);
        if (defined $written) { substr($text, 0, $written) = '' }
        elsif ($! != EINTR) { leave() }
    }
}

sub unblock {
    my ($handle) = @_;
    fcntl($handle, F_SETFL, fcntl($handle, F_GETFL, 0) | O_NONBLOCK);
}

1;
