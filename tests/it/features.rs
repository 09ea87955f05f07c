//! Each applet is a cargo feature of its name, so that a program of some applets can be built.

#[test]
fn each_applet_is_a_feature_and_all_of_them_are_the_default() {
    let manifest = include_str!("../../Cargo.toml");
    let list = |name: &str| {
        let (_, list) = manifest.split_once(&format!("\n{name} = [")).unwrap();
        list.split_once(']').unwrap().0.to_owned()
    };
    let all = list("applets") + &list("commands");
    let lines: Vec<&str> = include_str!("../../applets/main.rs").lines().map(str::trim).collect();
    let mut applets = 0;
    for (row, line) in lines.iter().enumerate() {
        let Some(name) = line.strip_prefix("Applet { name: \"").and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        let condition = format!("#[cfg(feature = \"{name}\")]");
        assert_eq!(lines[row - 1], condition, "the row of {name} in applets/main.rs");
        assert!(manifest.contains(&format!("\n{name} = [\"multicall\"")), "Cargo.toml has no feature {name}");
        assert!(all.contains(&format!("\"{name}\"")), "{name} is not among the applets of the default features");
        applets += 1;
    }
    assert!(applets > 7, "the rows of the applets were not found");
}
