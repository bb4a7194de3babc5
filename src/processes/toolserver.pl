# Runs programs that end by themselves for a larger process: a fork costs by the memory of who forks, and this stays small.
#
# standard input   R <length> <input>\n<fields>   run: id, folder, number of arguments, arguments, NAME=value..., parted by NUL;
#                                                 so many bytes of standard input follow the fields
#                  E <length>\n<fields>           the variables that every program after it has: NAME=value..., parted by NUL
#                  end of file                    leave; what runs goes on to its end, so that it leaves no lock behind
# standard output  F, O and X as forkserver.pl says them
# argument         number of the system call clone(2) on this machine; none where there is none
use strict;
use warnings;
use Errno qw(EINTR);
BEGIN { require __FILE__ =~ s{[^/]*\z}{$_}r for qw(server.pl forker.pl) }

my %program;
my $requests = '';
our %reader;

begin_forker(@ARGV);
$SIG{$_} = 'IGNORE' for qw(PIPE INT HUP);

while (1) {
    my $set = '';
    vec($set, fileno($_), 1) = 1 for (*STDIN, map { $_->{handle} } values %reader);
    next if select($set, undef, undef, undef) < 0;
    read_requests() if vec($set, fileno(*STDIN), 1);
    read_output($_) for grep { vec($set, fileno($_->{handle}), 1) } values %reader;
    flush_answers();
}

sub read_requests {
    my $got = sysread(*STDIN, $requests, 65536, length $requests);
    return if !defined $got && $! == EINTR;
    leave() if !$got;
    while (substr($requests, 0, 64) =~ /\A([RE]) (\d+)(?: (\d+))?\n/) {    # a match copies what it looks at
        my ($kind, $length, $input, $head) = ($1, $2, $3 // 0, $+[0]);
        last if length($requests) < $head + $length + $input;
        my $fields = substr($requests, $head, $length);
        my $bytes = substr($requests, $head + $length, $input);
        substr($requests, 0, $head + $length + $input) = '';
        if ($kind eq 'R') { start($bytes, split /\0/, $fields, -1) }
        else { give_environment($fields) }
    }
}

sub start {
    my ($input, $id, $folder, $count, @rest) = @_;
    my @command = splice(@rest, 0, $count);
    my $in = length $input ? input_of($input) : undef;
    return fail($id, 'exec', $!) if length $input && !$in;
    pipe(my $out, my $out_writer) && pipe(my $err, my $err_writer) or return fail($id, 'exec', $!);
    my $pid = fork_program($id, $folder, \@command, \@rest, [$in, $out_writer, $err_writer]);
    return fail($id, 'exec', $!) if !defined $pid;
    close $_ for grep { $_ } ($in, $out_writer, $err_writer);
    $program{$id} = { pid => $pid, open => 2 };
    watch($id, 1, $out);
    watch($id, 2, $err);
}

# a file without a name takes more than a pipe would before somebody reads
sub input_of {
    my ($input) = @_;
    open(my $file, '+>:raw', undef) or return undef;
    for (my $at = 0; $at < length $input;) {
        my $written = syswrite($file, $input, length($input) - $at, $at);
        next if !defined $written && $! == EINTR;
        return undef if !$written;
        $at += $written;
    }
    sysseek($file, 0, 0);
    return $file;
}

sub become { become_program(@_) }

sub closed {
    my ($id) = @_;
    finish($id) if --$program{$id}{open} == 0;
}

# one that has closed both its outputs has nothing more to do than to end
sub finish {
    my ($id) = @_;
    my $program = delete $program{$id};
    1 while waitpid($program->{pid}, 0) < 0 && $! == EINTR;
    my $status = $?;
    read_failures();
    tell_end($id, $status);
}

sub leave { exit 0 }
