package node

import "testing"

func TestHosts(t *testing.T) {
	const given = "# of this machine\n127.0.0.1 localhost loopback\n10.0.0.7\tproduction production.example # a " +
		"registry\n" +
		"10.0.0.7 production\n\n"
	want := "10.0.0.7 production.example\n127.0.0.1 localhost loopback\n127.0.1.1 production\n"
	if got := hosts(given, map[string]string{"production": "127.0.1.1"}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLeadNamesLeavesAddresses leaves the machine's own file alone where there
// are no names.
func TestLeadNamesLeavesAddresses(t *testing.T) {
	addresses := []string{"127.0.0.1:5001", "[::1]:6443"}
	listen, err := leadNames(addresses)
	if err != nil || len(listen) != 2 || listen[0] != addresses[0] || listen[1] != addresses[1] {
		t.Errorf("got %q (%v)", listen, err)
	}
	if _, err := leadNames([]string{"production"}); err == nil {
		t.Error("an address without a port is taken")
	}
}
