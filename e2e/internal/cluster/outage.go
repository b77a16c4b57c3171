package cluster

import "context"

// KillAPIServer ends the API server by SIGKILL, which is no crash then, and
// returns when it is gone.
func (c *Cluster) KillAPIServer(context.Context) error {
	c.processes.Kill(c.apiServer)
	return nil
}

// StartAPIServer starts the API server again, at the same address, and returns
// when it serves.
func (c *Cluster) StartAPIServer(ctx context.Context) (err error) {
	c.apiServer, err = c.plane.startAPIServer(ctx, c.port, c.lock...)
	return err
}

// PauseEtcd stops etcd in the middle of what it does.
func (c *Cluster) PauseEtcd(context.Context) error { return c.etcd.Pause() }

// ResumeEtcd lets it go on.
func (c *Cluster) ResumeEtcd(context.Context) error { return c.etcd.Resume() }
