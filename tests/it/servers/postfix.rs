//! The relay: Postfix, taking every recipient's mail into one maildir that is read back.
//!
//! It runs from its own configuration, queue and data folders under accounts that every Debian has, so nothing of it need
//! be installed. Without root it runs under `fakeroot`, which lets it believe in the accounts it changes to.

use std::fmt::Write;
use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::nginx::Identity;
use super::process::{LOOPBACK, Server, folder, free_port, is_root, library, program, run, unpacked};

/// How the relay is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct PostfixConfig {
    /// The certificate for STARTTLS and implicit TLS; without one there is neither.
    pub(crate) identity: Option<Identity>,
    /// Users and passwords. If there are any, nobody mails without being one (and only under TLS, where there is TLS).
    pub(crate) users: Vec<(String, String)>,
    /// Further lines of `main.cf`, such as `("smtpd_client_restrictions", "defer")`; the last of a name counts.
    pub(crate) settings: Vec<(String, String)>,
}

impl PostfixConfig {
    /// The same with one more line of `main.cf`.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with one more user.
    pub(crate) fn with_user(mut self, name: &str, password: &str) -> Self {
        self.users.push((name.to_owned(), password.to_owned()));
        self
    }
}

/// A running Postfix.
#[derive(Debug)]
pub(crate) struct Postfix {
    server: Server,
    /// Only without root. After the server, because fields are dropped in this order.
    _accounts: Option<Accounts>,
    plain: SocketAddr,
    implicit: SocketAddr,
}

impl Postfix {
    /// Starts the relay: plain SMTP (STARTTLS with an identity) on one port, implicit TLS on another.
    pub(crate) fn start(config: &PostfixConfig) -> Self {
        let listen: IpAddr = LOOPBACK[0];
        let [plain, implicit] = [(), ()].map(|()| SocketAddr::new(listen, free_port(&[listen])));
        let folder = folder();
        make_folders(folder.path());
        write_users(folder.path(), &config.users);
        let implicit_tls = config.identity.is_some().then_some(implicit);
        write_configuration(folder.path(), "main.cf", &main_cf(folder.path(), config));
        write_configuration(folder.path(), "master.cf", &master_cf(plain, implicit_tls));
        let accounts = (!is_root()).then(Accounts::start);
        let mut server = Server::spawn("postfix", &master(folder.path(), accounts.as_ref()), folder);
        server.wait_for_port(plain);
        Self { server, _accounts: accounts, plain, implicit }
    }

    /// Where it speaks plain SMTP, and STARTTLS if it has an identity.
    pub(crate) fn plain(&self) -> SocketAddr {
        self.plain
    }

    /// Where it speaks implicit TLS, if it has an identity.
    pub(crate) fn implicit(&self) -> SocketAddr {
        self.implicit
    }

    /// All mails delivered so far, oldest first: headers and body, as they lie in the maildir.
    pub(crate) fn mails(&self) -> Vec<String> {
        mails(self.server.folder())
    }

    /// Waits until `count` mails have been delivered, and returns them.
    pub(crate) fn wait_for_mails(&mut self, count: usize) -> Vec<String> {
        self.server.wait_until(&format!("{count} mails"), |server| mails(server.folder()).len() >= count);
        self.mails()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.server.log()
    }
}

fn mails(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.join("mail/all/new")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    let written = |file: &PathBuf| fs::metadata(file).and_then(|data| data.modified()).ok();
    files.sort_by_key(|file| (written(file), file.clone()));
    files
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .map(|mail| String::from_utf8_lossy(&mail).into_owned())
        .collect()
}

/// The master process, in the foreground.
fn master(folder: &Path, accounts: Option<&Accounts>) -> Command {
    let mut command = program("usr/lib/postfix/sbin/master");
    command.args(["-d", "-c"]).arg(folder.join("conf"));
    command.env("SASL_PATH", sasl_plugins());
    if let Some(accounts) = accounts {
        command.env("FAKEROOTKEY", &accounts.key);
        command.env("LD_PRELOAD", library("libfakeroot-sysv.so"));
    }
    command
}

/// The daemon of fakeroot, which remembers the accounts that processes believe to have changed to.
#[derive(Debug)]
struct Accounts {
    _daemon: Server,
    key: String,
}

impl Accounts {
    fn start() -> Self {
        let mut command = program("usr/bin/faked-sysv");
        command.arg("--foreground");
        let mut daemon = Server::spawn("faked", &command, folder());
        // It prints "key:process id" once it listens.
        let key = |daemon: &Server| daemon.log().split_once(':').map(|(key, _)| key.to_owned());
        daemon.wait_until("its key", |daemon| key(daemon).is_some());
        Self { key: key(&daemon).unwrap_or_default(), _daemon: daemon }
    }
}

fn make_folders(folder: &Path) {
    let owned =
        ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"];
    let queue = owned.iter().chain(&["public", "maildrop"]).map(|name| format!("queue/{name}"));
    for name in ["conf/sasl".to_owned(), "queue/pid".to_owned()] {
        fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    for name in queue.chain(["data".to_owned(), "mail".to_owned()]) {
        let path = folder.join(&name);
        fs::create_dir_all(&path).expect("a folder");
        if is_root() {
            let owner = if name == "mail" { NOBODY } else { account(MAIL_OWNER) };
            chown(&path, Some(owner), None).expect("its owner");
        }
    }
}

/// The users' passwords in the database of Cyrus SASL, and how smtpd is to find them.
fn write_users(folder: &Path, users: &[(String, String)]) {
    let database = folder.join("conf/sasldb2");
    let smtpd = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: PLAIN LOGIN\n",
        database.display()
    );
    fs::write(folder.join("conf/sasl/smtpd.conf"), smtpd).expect("smtpd.conf written");
    for (name, password) in users {
        let mut command = program("usr/sbin/saslpasswd2");
        command.args(["-c", "-p", "-u", REALM, "-f"]).arg(&database).arg(name).env("SASL_PATH", sasl_plugins());
        let output = run(&mut command, password);
        assert!(output.status.success(), "saslpasswd2: {}", String::from_utf8_lossy(&output.stderr));
    }
    if is_root() && !users.is_empty() {
        chown(&database, Some(account(MAIL_OWNER)), None).expect("its owner");
    }
}

/// Postfix waits for seconds if its configuration has just been written, lest somebody be still at it; so it is dated back.
fn write_configuration(folder: &Path, name: &str, text: &str) {
    let path = folder.join("conf").join(name);
    fs::write(&path, text).expect("the configuration written");
    let file = File::options().write(true).open(&path).expect("the configuration");
    let a_minute_ago = SystemTime::now() - Duration::from_secs(60);
    file.set_modified(a_minute_ago).expect("its date set back");
}

fn main_cf(folder: &Path, config: &PostfixConfig) -> String {
    let at = folder.display();
    let daemons = unpacked("usr/lib/postfix/sbin");
    let mut text = format!(
        "compatibility_level = 3.6\n\
         queue_directory = {at}/queue\ndata_directory = {at}/data\ndaemon_directory = {}\nmeta_directory = {at}/conf\n\
         mail_owner = {MAIL_OWNER}\nsetgid_group = mail\ndefault_privs = nobody\n\
         import_environment = MAIL_CONFIG LD_LIBRARY_PATH LD_PRELOAD FAKEROOTKEY FAKED_MODE SASL_PATH\n\
         maillog_file = {at}/stderr\nmaillog_file_prefixes = {at}\n\
         inet_protocols = ipv4\nmyhostname = relay.{REALM}\nmydestination =\nmynetworks = 127.0.0.0/8\n\
         alias_maps =\nlocal_recipient_maps =\nsmtpd_peername_lookup = no\n\
         virtual_mailbox_domains = static:all\nvirtual_mailbox_maps = static:all/\nvirtual_mailbox_base = {at}/mail\n\
         virtual_uid_maps = static:{NOBODY}\nvirtual_gid_maps = static:{NOBODY}\n",
        daemons.display()
    );
    if let Some(identity) = &config.identity {
        let chain = folder.join("conf/tls.pem");
        fs::write(&chain, format!("{}{}", identity.key_pem, identity.chain_pem)).expect("the chain written");
        let _ = writeln!(
            text,
            "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {}\nsmtpd_tls_loglevel = 1\nsmtpd_tls_received_header = yes\nsmtpd_tls_auth_only = yes",
            chain.display()
        );
    }
    if !config.users.is_empty() {
        let _ = writeln!(
            text,
            "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_local_domain = {REALM}\ncyrus_sasl_config_path = {at}/conf/sasl\nsmtpd_recipient_restrictions = permit_sasl_authenticated, reject\nsmtpd_sasl_authenticated_header = yes"
        );
    }
    for (name, value) in &config.settings {
        let _ = writeln!(text, "{name} = {value}");
    }
    text
}

fn master_cf(plain: SocketAddr, implicit: Option<SocketAddr>) -> String {
    let mut text = format!("{plain} inet n - n - - smtpd\n");
    if let Some(implicit) = implicit {
        let _ = writeln!(text, "{implicit} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes");
    }
    text + SERVICES
}

fn sasl_plugins() -> PathBuf {
    library("libsasldb.so").with_file_name("")
}

/// The number of an account of this system.
fn account(name: &str) -> u32 {
    let accounts = fs::read_to_string("/etc/passwd").expect("the accounts");
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name)).expect("the account");
    line.split(':').nth(2).and_then(|number| number.parse().ok()).expect("its number")
}

const REALM: &str = "lab.invalid";
/// Runs what needs no rights. Every Debian has it, and nothing of ours runs as it.
const MAIL_OWNER: &str = "daemon";
/// Whose mailbox it is: uid and gid of nobody on Debian.
const NOBODY: u32 = 65_534;

const SERVICES: &str = "cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";
