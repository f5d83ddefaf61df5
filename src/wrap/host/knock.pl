# knock listen|connect ADDRESS PORT LIMIT_S - before the freeze: whether TCP gets from one host of a move to the other by the port of the page channel. CRIU connects
# while the container stands still, and where a firewall drops what it sends nobody says so for a minute or two.
#   listen    takes one connection, hears a byte, answers one, and waits until the other side has closed: who closes first keeps the port for a minute
#             (TIME-WAIT), and this is the side on which CRIU will listen
#   connect   tries until it is answered, as the other side may not listen yet, and closes first
# Ends with 0 when both bytes have come, with 2 when it cannot listen, else with 1; says why not in one line. Never later than LIMIT_S.
use strict; # perl-base has Socket, and no IO::Socket::INET that knows IPv6
use Socket qw(getaddrinfo AI_NUMERICHOST SOCK_STREAM SOL_SOCKET SO_REUSEADDR);
my ($word, $address, $port, $limit_s) = @ARGV;
my $why = 'no answer';
sub give_up { print STDERR "$_[1]\n"; exit $_[0] }
$SIG{ALRM} = sub { give_up(1, $why) };
$SIG{PIPE} = 'IGNORE';
alarm $limit_s;
my ($wrong, $place) = getaddrinfo($address, $port, { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
give_up(2, $wrong) if $wrong;

sub opened { socket my $socket, $place->{family}, SOCK_STREAM, 0 or give_up(2, "$!"); $socket }
sub hears { my $byte = ''; sysread($_[0], $byte, 1) && $byte eq $_[1] }

if ($word eq 'listen') {
    my $listening = opened();
    setsockopt $listening, SOL_SOCKET, SO_REUSEADDR, 1; # as CRIU's does (setup_tcp_server, criu/util.c): a connection that has ended may have the port for a minute
    bind $listening, $place->{addr} and listen $listening, 1 or give_up(2, "$!");
    $why = 'nobody has come';
    accept my $caller, $listening or give_up(1, "$!");
    close $listening;
    hears($caller, '?') and syswrite $caller, '!' or give_up(1, 'somebody else has come');
    hears($caller, '');
    exit 0;
}
while (1) {
    my $calling = opened();
    if (connect $calling, $place->{addr}) {
        $why = 'it connects, and nothing comes back';
        exit 0 if syswrite $calling, '?' and hears($calling, '!');
    } else { $why = "$!" }
    close $calling;
    select undef, undef, undef, 0.01;
}
