//! The table of drivers: what each does in a worker, and what a run with it needs beforehand.

use nix::unistd::Pid;

use super::assignment::{Assignment, Task};
use crate::dut::description::{Description, Driver};
use crate::dut::nic::{self, NicDut};
use crate::dut::process::group::Group;
use crate::dut::process::hidden;
use crate::dut::process::stranger::Stranger;
use crate::dut::process::{self, ProcessDut};
use crate::dut::qemu::saved::Files;
use crate::dut::qemu::{self, QemuDut};
use crate::dut::{DeviceFailure, Dut};
use crate::error::Error;
use crate::play::Ending;
use crate::tester::loopback::Through;

/// Makes a control group for the device, where its driver can use one.
pub(super) fn group(driver: &Driver) -> Option<Group> {
    match driver {
        Driver::Process(_) => Group::make(),
        Driver::Qemu(_) | Driver::Nic(_) => None,
    }
}

/// Returns who the worker becomes where it is root's, and is not to stay so.
pub(super) fn stranger(driver: &Driver) -> Option<Stranger> {
    match driver {
        Driver::Process(_) => Stranger::of_root(),
        Driver::Qemu(_) | Driver::Nic(_) => None,
    }
}

/// Adds to a failure what the driver knows of it beyond the device.
pub(super) fn explain(failure: &mut DeviceFailure, description: &Description) {
    match &description.driver {
        Driver::Process(programs) => hidden::explain(failure, &description.needs, programs),
        Driver::Qemu(_) | Driver::Nic(_) => {}
    }
}

/// Returns whether the device is a machine of its own, and no process of this one, and what is like
/// its cables.
pub(super) fn kind(driver: &Driver) -> (bool, Through) {
    match driver {
        Driver::Process(_) => (false, Through::Taps),
        Driver::Qemu(_) => (false, Through::Streams),
        // Without a cable between the two there is nothing better.
        Driver::Nic(_) => (true, Through::Packets),
    }
}

/// Makes files for the state of a device that is booted once for all runs.
pub(super) fn files(driver: &Driver) -> Result<Option<Files>, Error> {
    match driver {
        Driver::Process(_) | Driver::Nic(_) => Ok(None),
        Driver::Qemu(machine) => Files::new(machine).map(Some),
    }
}

/// Makes the device in this process, which must not outlive its parent.
pub(super) fn device(
    assignment: &Assignment,
    description: &Description,
    task: &Task,
) -> Result<Box<dyn Dut>, Error> {
    let parent = Pid::from_raw(assignment.parent);
    Ok(match &description.driver {
        Driver::Process(programs) => {
            let sandbox = process::enter(
                parent,
                &description.needs,
                programs,
                &assignment.logs,
                &assignment.gates,
            )?;
            Box::new(ProcessDut::new(description, programs, task.area, sandbox))
        }
        Driver::Qemu(machine) => {
            qemu::enter(parent)?;
            let (prepared, logs) = (task.prepared.clone(), assignment.logs.clone());
            Box::new(QemuDut::new(
                description,
                machine,
                task.area,
                prepared,
                logs,
            ))
        }
        Driver::Nic(cabled) => {
            nic::enter(parent)?;
            Box::new(NicDut::new(
                description,
                cabled,
                task.area,
                &assignment.logs,
            ))
        }
    })
}

/// Prepares the device, and tries what it needs of the machine.
pub(super) fn prepare(assignment: &Assignment, description: &Description) -> Result<Ending, Error> {
    let parent = Pid::from_raw(assignment.parent);
    match &description.driver {
        Driver::Process(programs) => {
            let _sandbox = process::enter(
                parent,
                &description.needs,
                programs,
                &assignment.logs,
                &assignment.gates,
            )?;
            process::open_taps(description.macs)?;
            Ok(Ending::Complete)
        }
        Driver::Qemu(machine) => {
            qemu::enter(parent)?;
            match &assignment.save {
                Some(to) => {
                    let saved = qemu::prepare(description, machine, to, &assignment.logs);
                    Ending::of(saved)
                }
                None => Ok(Ending::Complete),
            }
        }
        Driver::Nic(cabled) => nic::attempt(cabled).map(|()| Ending::Complete),
    }
}
