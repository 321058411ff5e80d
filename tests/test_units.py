"""What lies in systemd/ is understood by systemd 237, the Nano's, and guards what it runs."""
import glob
import os
import re
import shutil
import subprocess

import pytest

SYSTEMD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "systemd")
# Known to 237: its manual pages systemd.unit(5), systemd.service(5), systemd.exec(5),
# systemd.resource-control(5), systemd.kill(5), systemd.timer(5), systemd.path(5); what each
# release has brought stands in systemd's NEWS.
KNOWN = {
    "Unit": "Description Documentation After Before Wants Requires PartOf Conflicts BindsTo "
            "DefaultDependencies RequiresMountsFor ConditionPathExists ConditionPathIsDirectory "
            "ConditionDirectoryNotEmpty ConditionFileNotEmpty ConditionFirstBoot "
            "ConditionVirtualization ConditionArchitecture ConditionKernelCommandLine "
            "StartLimitIntervalSec StartLimitBurst OnFailure",
    "Service": "Type NotifyAccess ExecStartPre ExecStart ExecStartPost ExecReload ExecStop "
               "ExecStopPost Restart RestartSec SuccessExitStatus RestartForceExitStatus "
               "RestartPreventExitStatus RemainAfterExit WatchdogSec TimeoutStartSec "
               "TimeoutStopSec TimeoutSec KillMode KillSignal PermissionsStartOnly "
               "User Group SupplementaryGroups UMask WorkingDirectory StateDirectory "
               "StateDirectoryMode CacheDirectory CacheDirectoryMode RuntimeDirectory "
               "RuntimeDirectoryMode RuntimeDirectoryPreserve LogsDirectory Environment "
               "EnvironmentFile PassEnvironment UnsetEnvironment StandardInput StandardOutput "
               "StandardError SyslogIdentifier LogLevelMax Nice CPUSchedulingPolicy "
               "IOSchedulingClass IOSchedulingPriority OOMScoreAdjust MemoryMax TasksMax "
               "LimitNOFILE LimitCORE CPUQuota CPUWeight CapabilityBoundingSet "
               "AmbientCapabilities NoNewPrivileges PrivateTmp PrivateDevices PrivateNetwork "
               "PrivateUsers ProtectSystem ProtectHome ProtectKernelTunables "
               "ProtectKernelModules ProtectControlGroups ReadWritePaths ReadOnlyPaths "
               "InaccessiblePaths RestrictNamespaces RestrictRealtime RestrictAddressFamilies "
               "LockPersonality MemoryDenyWriteExecute SystemCallArchitectures "
               "SystemCallFilter SystemCallErrorNumber RemoveIPC",
    "Timer": "OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnCalendar "
             "AccuracySec RandomizedDelaySec Persistent Unit",
    "Path": "PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty MakeDirectory "
            "Unit",
    "Install": "WantedBy RequiredBy Also Alias",
}
# The first release that knows what drop-ins ask for: they lie there as NUMBER-words.conf.
SINCE = {"ProtectProc": 247, "ProtectKernelLogs": 244, "RestrictSUIDSGID": 242,
         "PrivateMounts": 239, "ProtectHostname": 242, "ProcSubset": 247}
# Groups of system calls that 237 has; one that it does not know would empty the whole line.
GROUPS = set("@aio @basic-io @chown @clock @cpu-emulation @debug @default @file-system @io-event "
             "@ipc @keyring @memlock @module @mount @network-io @obsolete @privileged @process "
             "@raw-io @reboot @resources @setuid @signal @swap @sync @timer".split())
# What breaks cameras or the GPU, whatever it is set to, but for what these say.
BREAKS = ("PrivateTmp", "PrivateDevices", "DevicePolicy", "DeviceAllow", "DynamicUser",
          "MemoryDenyWriteExecute", "ProtectClock", "PrivateUsers", "IPAddressDeny")
WORST = 28              # tenths that `systemd-analyze security` may find
SEES = ("kagami.service", "kagami-engines.service")     # cameras and GPU


def files(pattern):
    return sorted(os.path.relpath(path, SYSTEMD)
                  for path in glob.glob(os.path.join(SYSTEMD, pattern)))


UNITS = [name for kind in ("service", "timer", "path")
         for name in files("*." + kind)]
DROP_INS = files("*.d/*.conf")


def directives(name):
    """[(section, name, value)] of a unit."""
    section, out = "", []
    with open(os.path.join(SYSTEMD, name)) as f:
        for row in f.read().replace("\\\n", " ").splitlines():
            row = row.strip()
            if row[:1] == "[":
                section = row.strip("[]")
            elif row and row[0] not in "#;":
                key, _, value = row.partition("=")
                out.append((section, key.strip(), value.strip()))
    return out


def of(name, key):
    """All values of a directive in a unit."""
    return [value for _, found, value in directives(name) if found == key]


@pytest.mark.parametrize("name", UNITS)
def test_systemd_237_knows_every_directive(name):
    assert [(section, key) for section, key, _ in directives(name)
            if key not in KNOWN[section].split()] == []


@pytest.mark.parametrize("name", DROP_INS)
def test_what_is_newer_lies_with_the_release_that_knows_it(name):
    release = int(re.match(r"(\d+)-", os.path.basename(name)).group(1))
    assert [key for section, key, _ in directives(name)
            if SINCE.get(key, 0 if key in KNOWN[section].split() else 999) > release] == []


@pytest.mark.parametrize("name", [name for name in UNITS if of(name, "User")])
def test_its_folders_are_told_to_what_runs(name):
    told = set(" ".join(of(name, "Environment")).split())
    for kind, above in (("State", "/var/lib"), ("Cache", "/var/cache"), ("Runtime", "/run")):
        for folder in of(name, kind + "Directory"):         # systemd does so from 240 on
            assert "%s_DIRECTORY=%s/%s" % (kind.upper(), above, folder) in told


@pytest.mark.parametrize("name", UNITS + DROP_INS)
def test_system_calls_are_denied_by_groups_that_237_has(name):
    for value in of(name, "SystemCallFilter"):
        assert value[0] == "~" and set(value[1:].split()) <= GROUPS


@pytest.mark.parametrize("name", SEES)
def test_nothing_takes_cameras_and_gpu_away(name):
    everything = [key for unit in [name] + files(name + ".d/*.conf")
                  for _, key, _ in directives(unit)]
    assert [key for key in BREAKS if key in everything] == []
    assert {"AF_UNIX", "AF_NETLINK"} <= set(of(name, "RestrictAddressFamilies")[0].split())
    assert of(name, "SupplementaryGroups") == ["video"]


def test_a_crash_never_is_the_last_word():
    assert of("kagami.service", "Restart") == ["on-failure"]
    assert of("kagami.service", "RestartSec") == ["2"]
    assert of("kagami.service", "StartLimitIntervalSec") == ["0"]
    assert of("kagami.service", "RestartForceExitStatus") == ["75"]


@pytest.mark.parametrize("key, value", [
    ("Type", "notify"), ("WatchdogSec", "20"), ("User", "kagami"), ("MemoryMax", "2G"),
    ("KillMode", "mixed"), ("OOMScoreAdjust", "-500")])
def test_the_tracker_is_watched_and_bounded(key, value):
    assert of("kagami.service", key) == [value]


def test_libraries_are_told_what_they_need_to_know():
    told = " ".join(of("kagami.service", "Environment")).split()
    assert "OPENBLAS_CORETYPE=ARMV8" in told
    assert "GST_REGISTRY=/var/cache/kagami/gstreamer.bin" in told


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_what_runs_is_the_current_version_and_what_judges_it_the_one_before(name):
    version = "previous" if name == "kagami-trial.service" else "current"
    for _, key, value in directives(name):
        if key.startswith("Exec") and "/kagami" in value.split()[0]:
            assert value.lstrip("+-!").startswith("/opt/kagami/%s/" % version)


needs_analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                   reason="no systemd-analyze")


def alone():
    """Whether systemd-analyze judges files by itself, as it does since 240."""
    return b"security" in subprocess.run(["systemd-analyze", "--help"],
                                         stdout=subprocess.PIPE).stdout


@needs_analyze
@pytest.mark.parametrize("name", SEES + ("kagami-panel.service",))
def test_systemd_finds_little_to_attack(name, tmp_path):
    if not alone():
        pytest.skip("this systemd-analyze does not judge security")
    shutil.copy(os.path.join(SYSTEMD, name), str(tmp_path))         # without its drop-ins
    done = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=true",
                           "--threshold=%d" % WORST, str(tmp_path / name)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()


@needs_analyze
@pytest.mark.parametrize("name", UNITS)
def test_systemd_reads_every_unit_without_a_complaint(name, tmp_path):
    if not alone() and not os.path.isdir("/run/systemd/system"):
        pytest.skip("this systemd-analyze wants a systemd that runs; make test-bionic has one")
    for one in UNITS:
        with open(os.path.join(SYSTEMD, one)) as f:     # what they run is not installed here
            text = f.read()
        (tmp_path / one).write_text(re.sub(r"=(\+?)/opt/kagami/\S*", r"=\1/bin/true", text))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(tmp_path / name)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (done.returncode, done.stdout.decode()) == (0, "")


def test_what_the_logs_keep_is_bounded_and_placed():
    with open(os.path.join(SYSTEMD, "journald.conf")) as f:
        assert "SystemMaxUse=64M" in f.read()
    with open(os.path.join(SYSTEMD, "rsyslog.conf")) as f:
        assert "nvargus-daemon" in f.read()
