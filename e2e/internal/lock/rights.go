package lock

const (
	// Kyverno 1.19.1 answers before it has read the policies, and controller-runtime
	// gives up only after two minutes if they can't be listed.
	whyRights = "Without the right to read them Kyverno finds no policies when it starts, and admits everything."
	// stolen is MITRE ATT&CK's "Account Manipulation".
	stolen = "https://attack.mitre.org/techniques/T1098/"
	// kyvernoRole is what all of Kyverno's own rights are called, or begin with.
	kyvernoRole = "kyverno:admission-controller"
	// aggregator puts roles together.
	aggregator = "system:serviceaccount:kube-system:clusterrole-aggregation-controller"

	noRules    = `[{"op": "replace", "path": "/rules", "value": []}]`
	noSubjects = `{"subjects": []}`
	noReading  = `{"rules": [{"apiGroups": ["other"], "resources": ["other"], "verbs": ["get"]}]}`
	noLabels   = `[{"op": "remove", "path": "/metadata/labels"}]`
	ofOthers   = `{"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"of": "others"}}]}}`
)

// onRights are attempts on what Kyverno may do.
var onRights = []Attempt{
	rights("role-reduced", "Takes all rules out of a ClusterRole of Kyverno's.", role(kyvernoRole+":core", noRules)),
	rights("role-replaced", "Gives Kyverno's ClusterRole other rules.", role(kyvernoRole, noReading)),
	rights("role-unlabelled", "Takes from a ClusterRole the label by which it is a part of Kyverno's.",
		role(kyvernoRole+":core", noLabels)),
	rights("role-reduced-as-aggregator", "Takes all rules out of it under the name of who puts roles together.",
		by(as(aggregator), role(kyvernoRole+":core", noRules))),
	rights("role-of-others", "Has Kyverno's ClusterRole be put together of others.", role(kyvernoRole, ofOthers)),
	rights("role-of-others-as-aggregator", "Does so under the name of who puts roles together.",
		by(as(aggregator), role(kyvernoRole, ofOthers))),
	rights("role-deleted", "Deletes the ClusterRole of Kyverno's admission controller.", role(kyvernoRole, "")),
	rights("role-deleted-as-aggregator", "Deletes it under the name of who puts roles together.",
		by(as(aggregator), role(kyvernoRole, ""))),
	rights("role-unbound", "Binds Kyverno's ClusterRole to nobody.",
		request{kind: ofRBAC("ClusterRoleBinding"), name: kyvernoRole, body: noSubjects}),
	rights("binding-deleted", "Deletes the binding of Kyverno's ClusterRole.",
		request{kind: ofRBAC("ClusterRoleBinding"), name: kyvernoRole}),
	rights("own-role-reduced", "Takes all rules out of the Role in Kyverno's namespace.", own("Role", noRules)),
	rights("own-role-unbound", "Binds the Role in Kyverno's namespace to nobody.", own("RoleBinding", noSubjects)),
	rights("account-deleted", "Deletes Kyverno's ServiceAccount, and with it all its tokens.", request{
		kind: kindOf("ServiceAccount", "", "v1"), namespace: "kyverno", name: "kyverno-admission-controller",
	}),
}

func rights(name, does string, r request) Attempt {
	return refused("kyverno-"+name, does, whyRights, stolen, r)
}

func ofRBAC(name string) kind { return kindOf(name, "rbac.authorization.k8s.io", "v1") }

func role(name, body string) request {
	return request{kind: ofRBAC("ClusterRole"), name: name, body: body}
}

// own is something in Kyverno's namespace.
func own(kind, body string) request {
	return request{kind: ofRBAC(kind), namespace: "kyverno", name: kyvernoRole, body: body}
}
