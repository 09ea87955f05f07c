//! What machines are called, by their kernels and by users.

use super::machine::Machine::{self, *};
use super::tables;

tables! {
    /// What a machine may be called: (place in [`Machine::ALL`], name). The first name of a machine is the one shown.
    /// Machines of mips are named with their ABI, since `mips` alone does not say which calls are meant.
    /// COMPAT: `armeb` is understood as the little-endian arm, which the reference calls so.
    NAMES: listed [
        (I386 as u32, "i386"),
        (I386 as u32, "i486"),
        (I386 as u32, "i586"),
        (I386 as u32, "i686"),
        (X86_64 as u32, "x86_64"),
        (Ppc64 as u32, "ppc64"),
        (Ppc64le as u32, "ppc64le"),
        (Ppc as u32, "ppc"),
        (S390x as u32, "s390x"),
        (S390 as u32, "s390"),
        (Arm as u32, "arm"),
        (Arm as u32, "armeb"),
        (Arm as u32, "armv5tejl"),
        (Arm as u32, "armv5tel"),
        (Arm as u32, "armv6l"),
        (Arm as u32, "armv7l"),
        (Aarch64 as u32, "aarch64"),
        (Aarch64 as u32, "armv8l"),
        (IoUring as u32, "uring"),
        (Riscv32 as u32, "riscv32"),
        (Riscv64 as u32, "riscv64"),
        (MipsO32 as u32, "mips_o32"),
        (MipselO32 as u32, "mipsel_o32"),
        (MipsN32 as u32, "mips_n32"),
        (MipselN32 as u32, "mipsel_n32"),
        (MipsN64 as u32, "mips_n64"),
        (MipselN64 as u32, "mipsel_n64"),
        (Loongarch64 as u32, "loongarch64"),
    ];
}

impl Machine {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        NAMES.name(self as u32).unwrap_or_default()
    }

    /// The machine called `name`, be it the name shown or another that `uname -m` reports; letters of either case are equal.
    pub fn from_name(name: impl AsRef<[u8]>) -> Option<Machine> {
        Self::ALL.get(NAMES.number_ignoring_case(name)? as usize).copied()
    }

    /// The machine whose kernel calls itself `uname` (`uname -m`). A kernel of mips tells the width alone; the byte order is
    /// that of this program.
    pub fn from_uname(uname: &str) -> Option<Machine> {
        let is_little = cfg!(target_endian = "little");
        match uname {
            "mips" => Some(if is_little { MipselO32 } else { MipsO32 }),
            "mips64" => Some(if is_little { MipselN64 } else { MipsN64 }),
            _ => Self::from_name(uname),
        }
    }

    /// The machine meant by the word after `arch=` or given to `ausyscall`: a name, `b32` or `b64` as seen from `native`,
    /// or an AUDIT_ARCH_* number in hexadecimal, with or without 0x.
    pub fn from_word(word: &str, native: Machine) -> Option<Machine> {
        if word.eq_ignore_ascii_case("b64") {
            return (native.bits() == 64).then_some(native);
        }
        if word.eq_ignore_ascii_case("b32") {
            return native.b32();
        }
        Self::from_name(word).or_else(|| {
            let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
            Self::from_elf(u32::from_str_radix(digits, 16).ok()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_goes_round_by_name_and_number() {
        for (place, machine) in Machine::ALL.into_iter().enumerate() {
            assert_eq!(machine as usize, place);
            assert_eq!(Machine::from_name(machine.name()), Some(machine));
            assert_eq!(machine.elf().and_then(Machine::from_elf), machine.elf().map(|_| machine));
        }
    }

    #[test]
    fn words_are_names_or_widths_or_hexadecimal_numbers() {
        assert_eq!(Machine::from_word("I686", X86_64), Some(I386));
        assert_eq!(Machine::from_word("b64", X86_64), Some(X86_64));
        assert_eq!(Machine::from_word("B32", X86_64), Some(I386));
        assert_eq!(Machine::from_word("b32", Ppc64le), None);
        assert_eq!(Machine::from_word("b64", I386), None);
        assert_eq!(Machine::from_word("c000003e", I386), Some(X86_64));
        assert_eq!(Machine::from_word("0xc000003e", I386), Some(X86_64));
        assert_eq!(Machine::from_word("open", X86_64), None);
        assert_eq!(Machine::from_name("armv7l"), Some(Arm));
        assert_eq!((Machine::from_name("armeb"), Arm.name()), (Some(Arm), "arm"));
    }

    #[test]
    fn the_running_machine_is_known_by_its_uname() {
        assert_eq!(Machine::from_uname("x86_64"), Some(X86_64));
        assert_eq!(Machine::from_uname("armv8l"), Some(Aarch64));
        assert_eq!(Machine::from_uname("mips64").map(Machine::bits), Some(64));
        assert_eq!(Machine::from_uname("vax"), None);
    }
}
