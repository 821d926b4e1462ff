//! Where the program runs: at the browser's machine, or away from it, and what leads back then.

use crate::ports::Remote;
use std::net::IpAddr;

/// Looks up a variable of the environment, or the text of a file; `None` where there is none.
type LookUp<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// What can be found out about the machine. A value, so that tests touch neither environment nor files.
pub struct Machine<'a> {
    variable: LookUp<'a>,
    file: LookUp<'a>,
    linux: bool,
}

impl<'a> Machine<'a> {
    /// The machine and environment of this process.
    pub fn of_process() -> Self {
        Self {
            variable: Box::new(|name| std::env::var(name).ok()),
            file: Box::new(|path| std::fs::read_to_string(path).ok()),
            linux: cfg!(target_os = "linux"),
        }
    }

    /// Any machine: its variables, its files, and whether it runs Linux.
    pub fn new(
        variable: impl Fn(&str) -> Option<String> + 'a,
        file: impl Fn(&str) -> Option<String> + 'a,
        linux: bool,
    ) -> Self {
        Self { variable: Box::new(variable), file: Box::new(file), linux }
    }

    /// A variable that is not blank.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    fn is_set(&self, name: &str) -> bool {
        self.variable(name).is_some()
    }

    fn has(&self, path: &str) -> bool {
        (self.file)(path).is_some()
    }

    /// The terminal is on another machine.
    pub fn over_ssh(&self) -> bool {
        self.is_set("SSH_CONNECTION") || self.is_set("SSH_TTY")
    }

    /// Linux under Windows. Its kernel names its maker; the variables are missing under `sudo`.
    pub fn wsl(&self) -> bool {
        let kernel =
            || (self.file)("/proc/version").is_some_and(|text| text.to_lowercase().contains("microsoft"));
        self.linux && (self.is_set("WSL_DISTRO_NAME") || self.is_set("WSL_INTEROP") || kernel())
    }

    /// A container. Docker and Podman leave a file; systemd-nspawn, LXC and Podman set `container`.
    fn container(&self) -> bool {
        self.linux && (self.has("/.dockerenv") || self.has("/run/.containerenv") || self.is_set("container"))
    }

    /// There is a desktop: `$DISPLAY` or `$WAYLAND_DISPLAY`, and always on macOS and Windows.
    pub fn display(&self) -> bool {
        !self.linux || self.is_set("DISPLAY") || self.is_set("WAYLAND_DISPLAY")
    }

    /// Why the browser may not reach this machine's loopback address; `None` where nothing speaks against it.
    /// The outermost border counts: a session over SSH in a container is reached over SSH.
    pub fn remote(&self) -> Option<Remote> {
        if self.over_ssh() {
            return Some(Remote::Ssh { target: self.ssh_target() });
        }
        if self.is_set("KUBERNETES_SERVICE_HOST") {
            // The name of the pod is its host name (Kubernetes, "Container information").
            return Some(Remote::Pod { name: self.host_name().unwrap_or_else(|| "POD".to_owned()) });
        }
        if self.container() {
            return Some(Remote::Container);
        }
        if self.wsl() {
            return Some(Remote::Wsl);
        }
        let opens = self.display() || self.is_set("BROWSER");
        (!opens).then(|| Remote::NoDisplay { target: self.ssh_target() })
    }

    /// `user@host` as arguments of `ssh`, with the port if it is not the usual one.
    fn ssh_target(&self) -> String {
        // Client address and port, server address and port (sshd's manual, ENVIRONMENT).
        let connection = self.variable("SSH_CONNECTION").unwrap_or_default();
        let mut server = connection.split_whitespace().skip(2);
        let address = server.next().and_then(|address| {
            // A link-local address carries its zone.
            let plain = address.split('%').next().unwrap_or(address);
            plain.parse::<IpAddr>().ok().filter(|_| safe(address)).map(|_| address.to_owned())
        });
        let port = server.next().and_then(|port| port.parse::<u16>().ok()).filter(|port| *port != 22);
        let host = address.or_else(|| self.host_name()).unwrap_or_else(|| "HOST".to_owned());
        let user = self.variable("USER").or_else(|| self.variable("LOGNAME")).filter(|user| safe(user));
        let user = user.unwrap_or_else(|| "USER".to_owned());
        match port {
            Some(port) => format!("-p {port} {user}@{host}"),
            None => format!("{user}@{host}"),
        }
    }

    fn host_name(&self) -> Option<String> {
        let named = self.variable("HOSTNAME").or_else(|| (self.file)("/proc/sys/kernel/hostname"));
        named.map(|name| name.trim().to_owned()).filter(|name| safe(name))
    }
}

/// Fit for a shell as it stands, since the line is there to be copied into one.
fn safe(word: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-:%".contains(character);
    !word.is_empty() && word.len() <= 120 && !word.starts_with('-') && word.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const SSH: &str = "198.51.100.9 50022 203.0.113.7 22";

    fn machine<'a>(variables: &'a [(&str, &str)], files: &'a [(&str, &str)]) -> Machine<'a> {
        let find = |table: &'a [(&str, &str)]| {
            move |name: &str| table.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Machine::new(find(variables), find(files), true)
    }

    fn ssh(target: &str) -> Option<Remote> {
        Some(Remote::Ssh { target: target.to_owned() })
    }

    fn pod(name: &str) -> Option<Remote> {
        Some(Remote::Pod { name: name.to_owned() })
    }

    #[rstest]
    #[case::desktop(&[("DISPLAY", ":0")], &[], None)]
    #[case::wayland(&[("WAYLAND_DISPLAY", "wayland-0")], &[], None)]
    #[case::browser_variable(&[("BROWSER", "w3m")], &[], None)]
    #[case::ssh(&[("SSH_CONNECTION", SSH), ("USER", "admin"), ("DISPLAY", ":10")], &[], ssh("admin@203.0.113.7"))]
    #[case::ssh_port(&[("SSH_CONNECTION", "::1 1 2001:db8::5 2222"), ("LOGNAME", "a.b")], &[], ssh("-p 2222 a.b@2001:db8::5"))]
    #[case::ssh_zone(&[("SSH_CONNECTION", "::1 1 fe80::5%eth0 22"), ("USER", "a")], &[], ssh("a@fe80::5%eth0"))]
    #[case::ssh_terminal_only(&[("SSH_TTY", "/dev/pts/1"), ("USER", "a")], &[("/proc/sys/kernel/hostname", "box\n")], ssh("a@box"))]
    #[case::ssh_nothing_known(&[("SSH_TTY", "/dev/pts/1")], &[], ssh("USER@HOST"))]
    #[case::ssh_hostile(&[("SSH_CONNECTION", "x y $(id) z"), ("USER", "a;b"), ("HOSTNAME", "`id`")], &[], ssh("USER@HOST"))]
    #[case::ssh_option(&[("SSH_CONNECTION", SSH), ("USER", "-oProxyCommand")], &[], ssh("USER@203.0.113.7"))]
    #[case::ssh_in_a_container(&[("SSH_CONNECTION", SSH), ("USER", "a")], &[("/.dockerenv", "")], ssh("a@203.0.113.7"))]
    #[case::docker(&[("DISPLAY", ":0")], &[("/.dockerenv", "")], Some(Remote::Container))]
    #[case::podman(&[], &[("/run/.containerenv", "")], Some(Remote::Container))]
    #[case::nspawn(&[("container", "systemd-nspawn")], &[], Some(Remote::Container))]
    #[case::container_under_wsl(&[], &[("/.dockerenv", ""), ("/proc/version", "Linux Microsoft")], Some(Remote::Container))]
    #[case::pod(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("HOSTNAME", "tools-7d9")], &[("/.dockerenv", "")], pod("tools-7d9"))]
    #[case::wsl(&[("WSL_DISTRO_NAME", "Ubuntu"), ("DISPLAY", ":0")], &[], Some(Remote::Wsl))]
    #[case::wsl_under_sudo(&[], &[("/proc/version", "Linux version 5.15.90.1-microsoft-standard-WSL2")], Some(Remote::Wsl))]
    #[case::no_display(&[("USER", "a"), ("HOSTNAME", "box")], &[("/proc/version", "Linux version 6.1")], Some(Remote::NoDisplay { target: "a@box".to_owned() }))]
    #[case::blank_counts_as_not_set(&[("SSH_CONNECTION", " "), ("DISPLAY", ":0")], &[], None)]
    fn places(
        #[case] variables: &[(&str, &str)],
        #[case] files: &[(&str, &str)],
        #[case] expected: Option<Remote>,
    ) {
        assert_eq!(machine(variables, files).remote(), expected);
    }

    #[test]
    fn elsewhere_only_ssh_is_looked_for() {
        let variables = |name: &str| (name == "container").then(|| "oci".to_owned());
        assert_eq!(Machine::new(variables, |_| None, false).remote(), None);
        let variables = |name: &str| (name == "SSH_CONNECTION").then(|| SSH.to_owned());
        assert_eq!(Machine::new(variables, |_| None, false).remote(), ssh("USER@203.0.113.7"));
    }
}
