//! Pods as Kubernetes makes them of a StatefulSet, without Kubernetes: each a folder with its mounts, and a process with
//! its environment.

use crate::support::{PROGRAM, Process, free_ports, show_end};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The documents of a YAML file.
pub fn documents(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).unwrap()
}

/// Those of one kind.
pub fn of_kind<'a>(documents: &'a [Value], kind: &str) -> Vec<&'a Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

/// Who the pods' processes are. Only root can be somebody else, and have files that are root's and a group may read.
#[derive(Clone, Copy)]
struct User {
    changes_to: Option<u32>,
    group: u32,
}

/// All pods of a StatefulSet.
pub struct Cluster {
    /// The pods' container.
    pub container: Value,
    /// The committee's file with addresses of loopback, for clients.
    pub committee: PathBuf,
    pods: Vec<Pod>,
}

struct Pod {
    root: PathBuf,
    command: Command,
    process: Option<Process>,
}

impl Cluster {
    /// Lays out what `hotstuff testnet --kubernetes` has written into `made`: a folder a pod, in `folder`.
    pub fn lay_out(made: &Path, folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let read = |name: &str| documents(&fs::read_to_string(made.join(name)).unwrap());
        let (mut public, secrets) = (read("kubernetes.yaml"), read("secrets.yaml"));
        let set = of_kind(&public, "StatefulSet")[0]["spec"].clone();
        let replicas = set["replicas"].as_u64().unwrap();
        let ports: Vec<[u16; 2]> = (0..replicas).map(|_| free_ports()).collect();
        for document in &mut public {
            if let Some(text) = document["data"]["committee.toml"].as_str().map(str::to_owned) {
                document["data"]["committee.toml"] = with_ports(text, &ports).into();
            }
        }
        let committee = folder.join("committee.toml");
        let data = &of_kind(&public, "ConfigMap")[0]["data"];
        fs::write(&committee, data["committee.toml"].as_str().unwrap()).unwrap();

        let pod = &set["template"]["spec"];
        let user = User::find(folder, pod);
        let program = user.copy_program(folder);
        let mount = Mounts { pod, public: &public, secrets: &secrets, user };
        let pods = ports.iter().zip(0..).map(|(ports, index)| {
            let root = folder.join(format!("hotstuff-{index}"));
            let environment = environment(&pod["containers"][0], index);
            mount.all(&root, &environment);
            let command = command(&program, &root, pod, &environment, ports, user);
            Pod { root, command, process: None }
        });
        Self { pods: pods.collect(), container: pod["containers"][0].clone(), committee }
    }

    /// Starts a pod's process.
    pub fn start(&mut self, index: usize) {
        let Pod { root, command, process } = &mut self.pods[index];
        let log = File::options().create(true).append(true).open(root.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        *process = Some(Process::start(command));
    }

    /// Ends a pod's process.
    pub fn stop(&mut self, index: usize) {
        self.pods[index].process.take().expect("it runs").kill();
    }

    /// The files that a pod finds where its key is.
    pub fn keys(&self, index: usize) -> Vec<String> {
        let folder = fs::read_dir(self.pods[index].root.join("keys")).unwrap();
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.pods.iter().for_each(|pod| show_end(&pod.root.join("log")));
        }
    }
}

impl User {
    fn find(folder: &Path, pod: &Value) -> Self {
        let own = fs::metadata(folder).unwrap();
        if own.uid() != 0 {
            return Self { changes_to: None, group: own.gid() };
        }
        let security = &pod["securityContext"];
        let number = |name: &str| u32::try_from(security[name].as_u64().unwrap()).unwrap();
        assert_eq!((&security["runAsNonRoot"], number("runAsGroup")), (&true.into(), number("fsGroup")));
        // All on the way there must let others through.
        for above in [folder.parent().unwrap(), folder] {
            fs::set_permissions(above, PermissionsExt::from_mode(0o755)).unwrap();
        }
        Self { changes_to: Some(number("runAsUser")), group: number("fsGroup") }
    }

    /// Where the program can be run: for somebody else it must lie in the open.
    fn copy_program(self, folder: &Path) -> PathBuf {
        if self.changes_to.is_none() {
            return PROGRAM.into();
        }
        let copy = folder.join("hotstuff");
        fs::copy(PROGRAM, &copy).unwrap();
        fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
        copy
    }

    /// Gives a folder or a file the group, as fsGroup does.
    fn share(self, path: &Path, mode: u32) {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        if self.changes_to.is_some() {
            std::os::unix::fs::chown(path, None, Some(self.group)).unwrap();
        }
    }
}

/// What the volumes of a pod are made of.
struct Mounts<'a> {
    pod: &'a Value,
    public: &'a [Value],
    secrets: &'a [Value],
    user: User,
}

impl Mounts<'_> {
    /// Mounts everything that the container asks for below `root`.
    fn all(&self, root: &Path, environment: &BTreeMap<String, String>) {
        for mount in self.pod["containers"][0]["volumeMounts"].as_array().unwrap() {
            let at = root.join(mount["mountPath"].as_str().unwrap().trim_start_matches('/'));
            fs::create_dir_all(&at).unwrap();
            let volumes = self.pod["volumes"].as_array().unwrap();
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
            match volume {
                // The volume of the claim: the group may write.
                None => self.user.share(&at, 0o2775),
                Some(volume) => {
                    let within = mount["subPathExpr"].as_str().map(|path| expand(path, environment));
                    self.files(volume, &at, within.as_deref());
                }
            }
        }
    }

    /// Writes a volume's files, or those of its folder `within` alone.
    fn files(&self, volume: &Value, at: &Path, within: Option<&str>) {
        for (path, text, mode) in self.content(volume) {
            let path = match within {
                Some(folder) => path.strip_prefix(&format!("{folder}/")).map(str::to_owned),
                None => Some(path),
            };
            let Some(path) = path.map(|path| at.join(path)) else { continue };
            fs::write(&path, text).unwrap();
            // With fsGroup the group may read whatever the mode says.
            self.user.share(&path, mode | 0o440);
        }
    }

    /// A volume's files: path, text and mode.
    fn content(&self, volume: &Value) -> Vec<(String, String, u32)> {
        if let Some(name) = volume["configMap"]["name"].as_str() {
            let data = &named(self.public, name)["data"];
            let file =
                |(path, text): (&String, &Value)| (path.clone(), text.as_str().unwrap().to_owned(), 0o644);
            return data.as_object().unwrap().iter().map(file).collect();
        }
        let projected = &volume["projected"];
        let mode = u32::try_from(projected["defaultMode"].as_u64().unwrap()).unwrap();
        let mut files = Vec::new();
        for source in projected["sources"].as_array().unwrap() {
            let secret = named(self.secrets, source["secret"]["name"].as_str().unwrap());
            for item in source["secret"]["items"].as_array().unwrap() {
                let text = &secret["stringData"][item["key"].as_str().unwrap()];
                files.push((
                    item["path"].as_str().unwrap().to_owned(),
                    text.as_str().unwrap().to_owned(),
                    mode,
                ));
            }
        }
        files
    }
}

/// The one document of that name that holds files.
fn named<'a>(documents: &'a [Value], name: &str) -> &'a Value {
    let holds = |document: &&Value| {
        document["metadata"]["name"] == name
            && ["ConfigMap", "Secret"].contains(&document["kind"].as_str().unwrap())
    };
    documents.iter().find(holds).unwrap_or_else(|| panic!("there is no {name}"))
}

/// What a container has in its environment in the pod of that index.
fn environment(container: &Value, index: usize) -> BTreeMap<String, String> {
    let variable = |variable: &Value| {
        let from = &variable["valueFrom"]["fieldRef"]["fieldPath"];
        assert_eq!(from, "metadata.labels['apps.kubernetes.io/pod-index']");
        (variable["name"].as_str().unwrap().to_owned(), index.to_string())
    };
    container["env"].as_array().unwrap().iter().map(variable).collect()
}

/// `$(NAME)` is what the environment has.
fn expand(path: &str, environment: &BTreeMap<String, String>) -> String {
    environment.iter().fold(path.to_owned(), |path, (name, value)| path.replace(&format!("$({name})"), value))
}

/// The pod's process. What is at the root of its file system there is below `root` here.
fn command(
    program: &Path,
    root: &Path,
    pod: &Value,
    environment: &BTreeMap<String, String>,
    [peer, http]: &[u16; 2],
    user: User,
) -> Command {
    let inside = |path: &str| root.join(path.trim_start_matches('/'));
    let mut command = Command::new(program);
    for argument in pod["containers"][0]["args"].as_array().unwrap() {
        let argument = argument.as_str().unwrap();
        if argument.starts_with('/') {
            command.arg(inside(argument))
        } else {
            command.arg(argument)
        };
    }
    command.env_clear().envs(environment);
    let settings: toml::Table =
        fs::read_to_string(inside("/etc/hotstuff/replica.toml")).unwrap().parse().unwrap();
    for name in ["key", "data"] {
        let variable = format!("HOTSTUFF_{}", name.to_uppercase());
        command.env(variable, inside(settings[name].as_str().unwrap()));
    }
    command.env("HOTSTUFF_LISTEN__PEER", format!("127.0.0.1:{peer}"));
    command.env("HOTSTUFF_LISTEN__HTTP", format!("127.0.0.1:{http}"));
    match user.changes_to {
        Some(number) => command.uid(number).gid(user.group),
        None => command.env("HOTSTUFF_KEY_GROUP", user.group.to_string()),
    };
    command
}

/// A committee's text with ports of loopback in place of the pods' names.
fn with_ports(text: String, ports: &[[u16; 2]]) -> String {
    ports.iter().zip(0..).fold(text, |text, ([peer, http], index)| {
        let host = format!("\"hotstuff-{index}.hotstuff-peers.hotstuff.svc");
        let text = text.replace(&format!("{host}:7000\""), &format!("\"127.0.0.1:{peer}\""));
        text.replace(&format!("{host}:8080\""), &format!("\"127.0.0.1:{http}\""))
    })
}
